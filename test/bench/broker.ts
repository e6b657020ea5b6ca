import { openEmulator } from "../../src/local/pubsub-emulator.ts";
import { brokerProcess } from "../support/broker-process.ts";

/** Google's emulator where it can be had, or rowpost's own broker. */
export const BROKER_KINDS = ["emulator", "built-in"] as const;
export type BrokerKind = (typeof BROKER_KINDS)[number];

/** A broker in a process of its own. */
export interface BenchBroker extends AsyncDisposable {
  /** For the tables: "the built-in broker". */
  readonly name: string;
  /** host:port */
  readonly host: string;
  readonly pid: number | undefined;
}

/** Opens a broker; it is ended, with all that it holds, when it is disposed. `folder` takes the emulator's log. */
export async function openBroker(
  kind: BrokerKind,
  folder: string,
  say: (line: string) => void,
): Promise<BenchBroker> {
  await using opening = new AsyncDisposableStack();
  if (kind === "built-in") {
    const { host, server } = await brokerProcess({ after: (end) => opening.defer(end) });
    return opened("the built-in broker", host, server.pid, opening.move());
  }
  const { host, server, origin } = opening.use(await openEmulator({ folder, say }));
  const name = server === undefined ? origin : "Google's Pub/Sub emulator";
  return opened(name, host, server?.pid, opening.move());
}

function opened(
  name: string,
  host: string,
  pid: number | undefined,
  stack: AsyncDisposableStack,
): BenchBroker {
  return { name, host, pid, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

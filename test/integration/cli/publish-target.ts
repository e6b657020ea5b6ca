import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishCommand } from "../../../src/cli/publish.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { type Finished, runCommand } from "../../support/run-command.ts";
import type { Scope, TestBroker } from "../../support/servers.ts";
import { Recorder } from "../pubsub/recorder.ts";
import { clientOf, freshName } from "../pubsub/topics.ts";

/** A topic of one's own to publish to, and what has arrived there. */
export interface Target {
  readonly environment: Readonly<Record<string, string>>;
  readonly arrived: Recorder;
  /** The different idempotency keys that have arrived. */
  readonly keys: ReadonlySet<string>;
  /** Runs `rowpost publish ARGS` in this process, with these texts on standard input, or another way to the broker. */
  publish(
    args: readonly string[],
    more?: { readonly typed?: string; readonly host?: string; readonly patienceMs?: number },
  ): Promise<Finished>;
}

/** Makes a topic on the broker, and pulls all that comes to it until the scope ends. */
export async function publishTarget(
  scope: Scope,
  broker: Pick<TestBroker, "host" | "project" | "environment">,
): Promise<Target> {
  const client = clientOf(scope, broker);
  const topic = freshName("publish");
  const [made] = await client.api.createTopic(topic);
  await made.createSubscription(topic, { ackDeadlineSeconds: 60 });
  const keys = new Set<string>();
  const arrived = new Recorder((delivery) => {
    keys.add(delivery.attributes["idempotency-key"] ?? "");
    delivery.ack();
  });
  const options = { subscription: topic, streams: 10, maxMessages: 20_000, maxBytes: 100_000_000 };
  const intake = createIntake(client, options);
  intake.start(arrived);
  scope.after(async () => {
    await intake.stop();
    await intake.close(5_000);
  });
  const environment = { ...broker.environment, PUBSUB_TOPIC: topic };
  return {
    environment,
    arrived,
    keys,
    publish: (args, { typed = "", host = broker.host, patienceMs } = {}) =>
      runCommand((context) => publishCommand(context, undefined, patienceMs), args, {
        environment: { ...environment, PUBSUB_EMULATOR_HOST: host },
        typed,
      }),
  };
}

/** Messages by their data: which idempotency keys came with it, each once, in order of arrival. */
export function keysByData({ deliveries }: Recorder): Map<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const { data, attributes } of deliveries) {
    const known = keys.get(data.toString()) ?? [];
    const key = attributes["idempotency-key"] ?? "";
    keys.set(data.toString(), known.includes(key) ? known : [...known, key]);
  }
  return keys;
}

/** A folder for the files of a test; removed when the scope ends. */
export async function fileFolder(scope: Scope) {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-publish-"));
  scope.after(() => rm(folder, { recursive: true, force: true }));
  return {
    path: (name: string) => join(folder, name),
    async write(name: string, content: string | Buffer): Promise<string> {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
  };
}

/** A way to the broker that is cut when it has passed so many bytes: connections end, and no new one is let in. */
export async function brokenWay(
  scope: Scope,
  broker: Pick<TestBroker, "host">,
  bytes: number,
): Promise<string> {
  const [hostname, port] = broker.host.split(":");
  const open = new Set<Socket>();
  let passed = 0;
  const cut = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const server = createServer((down) => {
    const up = connect(Number(port), hostname);
    for (const [socket, other] of [
      [down, up],
      [up, down],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
    down.on("data", (chunk) => {
      passed += chunk.length;
      if (passed > bytes) cut();
      else up.write(chunk);
    });
    up.pipe(down);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(async () => cut());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

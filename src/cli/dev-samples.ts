import { IDEMPOTENCY_KEY_ATTRIBUTE } from "../messages/idempotency-key.ts";
import { type Sample, sampleUpdates } from "../local/samples.ts";
import type { Publisher } from "../pubsub/port.ts";
import type { CliContext } from "./context.ts";
import type { DevObserver } from "./dev-observer.ts";
import { printTable, widthOf } from "./print-table.ts";

/** What samples are sent through, and who hears what becomes of them. */
export interface SampleWays {
  readonly publisher: Publisher;
  /** The sidecar's address, without a slash at its end. */
  readonly url: string;
  readonly observer: DevObserver;
}

/** The titles of the printed table. */
export const SAMPLE_TITLES = ["update", "what it shows", "sent by", "what became of it"] as const;

/** Sends the samples one after the other, and prints what became of each. */
export async function showSamples(context: CliContext, ways: SampleWays): Promise<void> {
  const started = Date.now();
  const rows: string[][] = [];
  for (const sample of sampleUpdates(started.toString(36), started)) {
    const outcome = await outcomeOf(sample, ways, context.signal);
    const { key, shows, by, expected } = sample;
    rows.push([key, shows, by, outcome, outcome === expected ? "" : `expected ${expected}`]);
  }
  const titles = [...SAMPLE_TITLES, ""].map((title) => ({ title }));
  const table = printTable(
    titles,
    rows.map((cells) => ({ cells })),
    widthOf(context.stdout),
  );
  context.stdout.write(`\n${table}\n${rows.length} sample updates settled in ${Date.now() - started} ms\n`);
}

async function outcomeOf(
  sample: Sample,
  { publisher, url, observer }: SampleWays,
  signal: AbortSignal,
): Promise<string> {
  const { key, by, update } = sample;
  const data = Buffer.from(JSON.stringify(update));
  if (by === "HTTP, waiting") return post(url, key, data, { prefer: "wait=30" }, signal);
  const settled = observer.next(key, signal);
  if (by === "HTTP") await post(url, key, data, {}, signal);
  else await publisher.publish(data, { [IDEMPOTENCY_KEY_ATTRIBUTE]: key });
  return settled;
}

/** Gives the outcome or the problem's code; the status when the answer has neither. */
async function post(
  url: string,
  key: string,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const answer = await fetch(`${url}/updates`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
    body: new Uint8Array(body),
    signal,
  });
  const { outcome, code } = (await answer.json()) as { outcome?: string; code?: string };
  return code ?? outcome ?? `HTTP ${answer.status}`;
}

import type { BenchDatabase } from "../database.ts";
import type { Ground } from "../ground.ts";
import type { Figures } from "../job.ts";
import { spread } from "../results.ts";
import { runCandidate } from "../run-candidate.ts";
import { openScene, type Scene } from "../scene.ts";
import { receiptFaults } from "../verify.ts";
import type { PartContext } from "./part.ts";
import type { Workload } from "./workload.ts";

/** rowpost's own default: the bench's other number is for the emulator, whose streams are slow. */
export const STREAMS = { PUBSUB_STREAMS: "5" } as const;

export interface MeasureOptions {
  readonly signal: AbortSignal;
  /** rowpost's variables that are not its defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** One that is there already and stays; its rows have been made ready. Else a new one for this run. */
  readonly database?: BenchDatabase;
  /** Receipts up to this id are not of this run. */
  readonly after?: string;
  /** Where the worker finds the database's port, in place of the port itself. */
  readonly port?: number | undefined;
}

/** What the parts run on: the bench's MySQL and the built-in broker. */
export async function groundOf({ servers }: PartContext): Promise<Ground> {
  return { mysql: servers.mysql, broker: await servers.broker("built-in") };
}

/** One run of one worker: all messages published and confirmed before it starts, its result verified. */
export async function measure(ground: Ground, workload: Workload, options: MeasureOptions): Promise<Figures> {
  const { signal, settings, port } = options;
  signal.throwIfAborted();
  await using scene = await openScene(ground, options.database);
  await workload.prepare(scene.connection);
  await scene.publish(workload.messages);
  const { database, ...place } = scene.place;
  const figures = await runCandidate(
    {
      candidate: "d",
      messages: workload.messages.length,
      latencyAfterMs: undefined,
      profile: undefined,
      settings: { ...STREAMS, ...settings },
      ...place,
      database: { ...database, port: port ?? database.port },
    },
    { signal },
  );
  await assertDone(scene, workload, options.after);
  return figures;
}

/** Throws with what is wrong in the database: a wrong result can't be a fast one. */
export async function assertDone({ connection }: Scene, workload: Workload, after?: string): Promise<void> {
  const receipts = await receiptFaults(connection, workload.keys, after);
  const faults = [...receipts, ...(await workload.faults(connection))];
  if (faults.length > 0) throw new Error(`rowpost has a wrong result: ${faults.join("; ")}`);
}

/** Something to be measured in several ways. */
export interface Variant {
  readonly title: string;
  /** Gives the rate, and whatever else is asked for. */
  run(): Promise<Sample>;
}

/** What one run gave; undefined where something can't be measured, or is not asked for. */
export interface Sample {
  readonly rate: number;
  /** Of the second half. */
  readonly warmRate?: number | undefined;
  readonly clientCpu?: number | undefined;
  readonly mysqlCpu?: number | undefined;
  readonly retries?: number | undefined;
  readonly meanBatch?: number | undefined;
  /** Milliseconds of one statement alone. */
  readonly roundTrip?: number | undefined;
}

/**
 * Runs all variants in rounds that take turns, each round beginning with another one; gives for each the medians of its
 * figures, in the variants' order.
 */
export async function interleave(
  { say, signal }: PartContext,
  variants: readonly Variant[],
  rounds: number,
): Promise<readonly Required<Sample>[]> {
  const samples = variants.map((): Sample[] => []);
  for (let n = 0; n < rounds; n += 1) {
    for (let i = 0; i < variants.length; i += 1) {
      signal.throwIfAborted();
      const at = (i + n) % variants.length;
      const sample = await variants[at]?.run();
      if (sample === undefined) continue;
      samples[at]?.push(sample);
      const rate = Math.round(sample.rate).toLocaleString("en-US");
      say(`round ${n + 1} of ${rounds}: ${variants[at]?.title} ${rate}/s`);
    }
  }
  return samples.map(mediansOf);
}

/** The median of each figure by itself. */
export function mediansOf(samples: readonly Sample[]): Required<Sample> {
  const median = (name: keyof Sample) => spread(samples.map((sample) => sample[name]))?.median;
  return {
    rate: median("rate") ?? Number.NaN,
    warmRate: median("warmRate"),
    clientCpu: median("clientCpu"),
    mysqlCpu: median("mysqlCpu"),
    retries: median("retries"),
    meanBatch: median("meanBatch"),
    roundTrip: median("roundTrip"),
  };
}

/** The figures of a run that the parts show. */
export function sampleOf({ rate, clientCpu, mysqlCpu, retries, meanBatch }: Figures): Sample {
  return { rate, clientCpu, mysqlCpu, retries, meanBatch };
}

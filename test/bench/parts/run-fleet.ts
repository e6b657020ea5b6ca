import { type Figures, type Job, type Progress } from "../job.ts";
import { runCandidate } from "../run-candidate.ts";

/** What several workers did together. */
export interface FleetFigures {
  /** Messages a second of all, from the moment when the last of them had its first delivery. */
  readonly rate: number;
  /** The same once half of all messages are settled: what the workers do once Node has compiled what runs often. */
  readonly warmRate: number;
  /** Microseconds of CPU a message, of all workers. */
  readonly clientCpu: number;
  readonly retries: number;
}

/** Runs so many workers, each in a process of its own, on one subscription, until they have settled all messages. */
export async function runFleet(job: Job, workers: number, signal: AbortSignal): Promise<FleetFigures> {
  const told = Array.from({ length: workers }, (): Progress[] => []);
  const settled = () => told.reduce((sum, one) => sum + (one.at(-1)?.settled ?? 0), 0);
  const done = Promise.withResolvers<void>();
  const failed = new AbortController();
  const running = told.map((one) =>
    runCandidate(
      { ...job, shared: true, tells: true },
      {
        signal: AbortSignal.any([signal, failed.signal]),
        end: done.promise,
        progress: (progress) => {
          one.push(progress);
          if (settled() >= job.messages) done.resolve();
        },
      },
    ),
  );
  try {
    return fleetFigures(told, await Promise.all(running));
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}

/** From what each worker told, and from its own figures at the end. Workers that came too late for a message count for nothing. */
export function fleetFigures(
  told: readonly (readonly Progress[])[],
  figures: readonly Pick<Figures, "clientCpu" | "retries">[],
): FleetFigures {
  const all = told.flat().sort((a, b) => a.at - b.at);
  const lastFirst = Math.max(
    ...told.flatMap(([progress]) => (progress === undefined ? [] : [progress.first])),
  );
  const end = Math.max(...all.map(({ at }) => at));
  const settledBy = (time: number) =>
    told.reduce((sum, one) => sum + (one.findLast(({ at }) => at <= time)?.settled ?? 0), 0);
  const total = settledBy(end);
  const half = all.map(({ at }) => at).find((time) => settledBy(time) >= total / 2) ?? lastFirst;
  const rateFrom = (from: number) => ((total - settledBy(from)) * 1000) / (end - from);
  const cpu = told.reduce((sum, one, i) => {
    const own = one.at(-1)?.settled ?? 0;
    return own === 0 ? sum : sum + own * (figures[i]?.clientCpu ?? Number.NaN);
  }, 0);
  return {
    rate: rateFrom(lastFirst),
    warmRate: rateFrom(Math.max(half, lastFirst)),
    clientCpu: cpu / total,
    retries: figures.reduce((sum, { retries }) => sum + retries, 0),
  };
}

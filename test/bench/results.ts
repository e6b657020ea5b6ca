import type { Candidate, Figures } from "./job.ts";

/** All runs of one round, by candidate. */
export type Round = ReadonlyMap<Candidate, Figures>;

/** The middle of some figures and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What is asked of rowpost; only reported. */
export const TARGETS = {
  rawPipeline: 0.85,
  byHand: 5,
  /** Microseconds a message. */
  clientCpu: 45,
  peakMiB: 300,
  /** Of a worker that drains a backlog, in MB of 10^6 bytes. */
  backlogMB: 200,
  /** Under the light load: milliseconds, or so many times what the worker by hand takes. */
  light: { p50: 8, p99: 20, byHand: 1.3 },
} as const;

/** How a run of one candidate compares with the run of another in the same round. */
export const RATIOS = [
  { of: "d", to: "b", target: TARGETS.rawPipeline },
  { of: "d", to: "c", target: TARGETS.byHand },
  { of: "d", to: "j", target: undefined },
  { of: "d", to: "i", target: undefined },
  { of: "b", to: "a", target: undefined },
] as const satisfies readonly { of: Candidate; to: Candidate; target: number | undefined }[];

/** The middle of these, one or more; of an even number the mean of the middle two. Undefined when there are none. */
export function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined) return undefined;
  const upper = sorted[sorted.length >> 1] ?? highest;
  const lower = sorted[(sorted.length - 1) >> 1] ?? lowest;
  return { median: (lower + upper) / 2, lowest, highest };
}

/** A figure of a candidate over all rounds. */
export function figure(
  rounds: readonly Round[],
  candidate: Candidate,
  of: (figures: Figures) => number | undefined,
): Spread | undefined {
  return spread(rounds.map((round) => round.get(candidate)).map((one) => one && of(one)));
}

/** Rates compared round by round, so that what slows a whole round down does not count. */
export function ratio(
  rounds: readonly Round[],
  { of, to }: { readonly of: Candidate; readonly to: Candidate },
  rate: (figures: Figures) => number = (figures) => figures.rate,
): Spread | undefined {
  return spread(
    rounds.map((round) => {
      const [one, other] = [round.get(of), round.get(to)];
      return one === undefined || other === undefined ? undefined : rate(one) / rate(other);
    }),
  );
}

/** The value below which this part (0 to 1) of the ascending values lies; undefined of none. */
export function percentile(ascending: readonly number[], part: number): number | undefined {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))];
}

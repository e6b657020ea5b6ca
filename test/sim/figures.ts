import { LATE } from "./assumptions.ts";
import type { Moment } from "./simulate.ts";

/** What a run comes to. Times in seconds. */
export interface Figures {
  /** Seconds in which the oldest message was older than {@link LATE}. */
  readonly late: number;
  /** The last of these; 0 if there was none, undefined if it was still so at the end. */
  readonly drained: number | undefined;
  readonly oldest: number;
  readonly replicaHours: number;
  readonly most: number;
  readonly changes: number;
  /** Changes in the other direction than the one before: 1 for up and down again, more is swinging. */
  readonly turns: number;
}

export function figures(moments: readonly Moment[]): Figures {
  const late = moments.filter((moment) => moment.age > LATE);
  const steps = moments
    .map((moment, i) => moment.replicas - (moments[i - 1] ?? moment).replicas)
    .filter((step) => step !== 0);
  const end = moments.at(-1)?.at;
  const lastLate = late.at(-1)?.at ?? 0;
  return {
    late: late.length,
    drained: lastLate === end ? undefined : lastLate,
    oldest: moments.reduce((oldest, moment) => Math.max(oldest, moment.age), 0),
    replicaHours: moments.reduce((sum, moment) => sum + moment.replicas, 0) / 3_600,
    most: moments.reduce((most, moment) => Math.max(most, moment.replicas), 0),
    changes: steps.length,
    turns: steps.filter((step, i) => i > 0 && Math.sign(step) !== Math.sign(steps[i - 1] ?? step)).length,
  };
}

/** What was seen of the worker at one moment. */
export interface Look {
  /** Milliseconds; of one clock. */
  readonly at: number;
  /** Messages drained so far. */
  readonly drained: number;
  /** Resident set in MB, 10^6 bytes. */
  readonly rss: number;
}

export interface Tenth {
  /** Messages a second, from the tenth's first message to its last. */
  readonly rate: number;
  /** The largest resident set seen meanwhile, in MB. */
  readonly rss: number;
}

/**
 * The rate and the memory by tenths of all messages; when each tenth ended is read off the line between two looks. A tenth that no
 * look saw has the memory of the next one.
 */
export function tenthsOf(looks: readonly Look[], total: number): readonly Tenth[] {
  const ends = Array.from({ length: 11 }, (_, i) => timeOf(looks, (total * i) / 10));
  return Array.from({ length: 10 }, (_, i): Tenth => {
    const [from = 0, to = 0] = [ends[i], ends[i + 1]];
    const within = looks.filter(({ at }) => at >= from && at <= to);
    const next = looks.find(({ at }) => at >= to);
    const rss = within.length > 0 ? Math.max(...within.map((look) => look.rss)) : (next?.rss ?? Number.NaN);
    return { rate: (total / 10 / (to - from)) * 1000, rss };
  });
}

function timeOf(looks: readonly Look[], drained: number): number {
  const next = looks.findIndex((look) => look.drained >= drained && look.drained > 0);
  const [before, after] = [looks[next - 1], looks[next]];
  if (after === undefined) return Number.NaN;
  if (before === undefined) return after.at;
  const share = (drained - before.drained) / (after.drained - before.drained);
  return before.at + share * (after.at - before.at);
}

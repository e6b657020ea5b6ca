import { setTimeout as delay } from "node:timers/promises";
import { readAccounts, readDatabaseTime, UPDATES_PER_SELECT } from "../store/receipt-outcomes.ts";
import type { Store } from "../store/store.ts";
import { classify } from "../store/trouble.ts";
import type { Found, Part } from "./verify-parts.ts";
import { isAccounted, type Rules, type Standing, STANDINGS, standingOf } from "./verify-standing.ts";

/** How many updates stand how. */
export type Tally = Record<Standing, number>;

export interface Rounds {
  readonly store: Store;
  readonly parts: readonly Part[];
  /** How long updates count as on their way, and what is kept how long. */
  readonly rules: Omit<Rules, "now">;
  /** Longest time to wait until every update has settled; 0: look once. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Hears why a look failed that is tried again. */
  trouble(error: unknown): void;
}

/** Between two looks there is as much time as a look takes, and within these limits, in ms. */
const SHORTEST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** A part, and what became of what was not kept of it. */
interface PartState {
  readonly part: Part;
  readonly settled: Tally;
  open: Tally;
}

/**
 * Looks up how every update stands; with a wait again and again, until each has a receipt, or the time is over. What needs
 * nobody any more is counted, and the rest is kept in its part. Ends early when the signal is aborted; undefined when not all
 * has been looked up once by then.
 */
export async function runRounds(rounds: Rounds): Promise<Tally | undefined> {
  const { store, parts, waitMs, signal } = rounds;
  const states = parts.map((part): PartState => ({ part, settled: none(), open: none() }));
  const deadline = performance.now() + waitMs;
  let first = true;
  for (;;) {
    const started = performance.now();
    try {
      const rules = { ...rounds.rules, now: await readDatabaseTime(store) };
      for (const state of states) if (first || waitsFor(state.open) > 0) await look(rounds, state, rules);
      first &&= signal.aborted;
    } catch (error) {
      if (performance.now() >= deadline || !mayPass(error)) throw error;
      rounds.trouble(error);
    }
    const tally = first ? undefined : sum(states.flatMap(({ settled, open }) => [settled, open]));
    const left = deadline - performance.now();
    if (signal.aborted || left <= 0 || (tally !== undefined && waitsFor(tally) === 0)) return tally;
    const pause = Math.min(Math.max(performance.now() - started, SHORTEST_PAUSE), LONGEST_PAUSE, left);
    await delay(pause, undefined, { signal }).catch(() => {});
  }
}

/** Updates that a wait waits for. One that the broker may never have had is none of them. */
export function waitsFor({ pending, stuck, unaccounted }: Tally): number {
  return pending + stuck + unaccounted;
}

async function look({ store, signal }: Rounds, state: PartState, rules: Rules): Promise<void> {
  const found = await state.part.found();
  const [settled, open, kept] = [none(), none(), [] as Found[]];
  for (let at = 0; at < found.length; at += UPDATES_PER_SELECT) {
    if (signal.aborted) return;
    const updates = found.slice(at, at + UPDATES_PER_SELECT).map(({ update }) => update);
    const accounts = await readAccounts(store, updates);
    for (const [i, update] of updates.entries()) {
      const account = accounts[i] ?? { receipt: undefined, deadLetter: undefined };
      const standing = standingOf(update, account, rules);
      if (isAccounted(standing)) settled[standing] += 1;
      else {
        open[standing] += 1;
        kept.push({ update, standing });
      }
    }
  }
  await state.part.keep(kept);
  Object.assign(state.settled, sum([state.settled, settled]));
  state.open = open;
}

function mayPass(error: unknown): boolean {
  const trouble = classify(error);
  return trouble === "transient" || trouble === "environment";
}

function none(): Tally {
  return Object.fromEntries(STANDINGS.map((standing) => [standing, 0])) as Tally;
}

function sum(tallies: readonly Tally[]): Tally {
  const total = none();
  for (const tally of tallies) for (const standing of STANDINGS) total[standing] += tally[standing];
  return total;
}

import { setTimeout as delay } from "node:timers/promises";
import { replayNotes } from "../store/dead-letter-mark.ts";
import type { Store } from "../store/store.ts";
import { type PrintRow, printTable } from "./print-table.ts";
import { printable } from "./printable.ts";

/** What became of a replay; `pending` when nobody has noted anything in time, `gone` when the dead letter has been deleted. */
export interface ReplayOutcome {
  readonly id: string;
  readonly outcome: string;
  /** Why it was rejected again. */
  readonly reason: string;
}

const SLICE = 500;
const POLL_MS = 250;

/**
 * Waits until the worker has noted an outcome on each of these dead letters, for `seconds` at the most or until `signal` is
 * aborted. In the order of the ids.
 */
export async function awaitOutcomes(
  store: Store,
  ids: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<ReplayOutcome[]> {
  const deadline = performance.now() + seconds * 1_000;
  const known = new Map<string, ReplayOutcome>();
  for (;;) {
    for (const outcome of await settledAmong(
      store,
      ids.filter((id) => !known.has(id)),
    ))
      known.set(outcome.id, outcome);
    const left = deadline - performance.now();
    if (known.size === ids.length || left <= 0 || signal.aborted) break;
    await delay(Math.min(POLL_MS, left), undefined, { signal }).catch(() => {});
  }
  return ids.toSorted(byNumber).map((id) => known.get(id) ?? { id, outcome: "pending", reason: "" });
}

function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

async function settledAmong(store: Store, ids: readonly string[]): Promise<ReplayOutcome[]> {
  const settled: ReplayOutcome[] = [];
  for (let at = 0; at < ids.length; at += SLICE) {
    const slice = ids.slice(at, at + SLICE);
    const notes = new Map((await replayNotes(store, slice)).map((note) => [note.id, note]));
    for (const id of slice) {
      const note = notes.get(id);
      if (note === undefined) settled.push({ id, outcome: "gone", reason: "" });
      else if (note.outcome !== null) {
        const reason = note.outcome === "rejected" ? `${note.code}: ${note.message}` : "";
        settled.push({ id, outcome: note.outcome, reason });
      }
    }
  }
  return settled;
}

/** Outcomes that are listed one by one; of more, those that nobody hoped for. */
const MOST_ROWS = 20;

/** How many replays had each outcome, and then one by one. */
export function printOutcomes(outcomes: readonly ReplayOutcome[], width: number): string {
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const sum = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  const listed = outcomes.length <= MOST_ROWS ? outcomes : outcomes.filter(needsSomebody).slice(0, MOST_ROWS);
  const rows = listed.map(
    ({ id, outcome, reason }): PrintRow => ({
      cells: [id, outcome],
      below: reason === "" ? [] : [printable(reason)],
    }),
  );
  const table = printTable([{ title: "ID", align: "right" }, { title: "OUTCOME" }], rows, width);
  const more = outcomes.length > MOST_ROWS ? outcomes.filter(needsSomebody).length - rows.length : 0;
  return `${sum}\n${rows.length === 0 ? "" : `\n${table}`}${more > 0 ? `and ${more} more\n` : ""}`;
}

/** Somebody has still to look at it. */
export function needsSomebody({ outcome }: ReplayOutcome): boolean {
  return outcome === "rejected" || outcome === "pending";
}

import { conditionOf, type DeadLetterFilter, idLiteral } from "./dead-letter-filter.ts";
import type { Store } from "./store.ts";

/** Rows in one DELETE; their data may be large. */
const CHUNK = 200;

/**
 * Deletes the dead letters that meet the filter, oldest first, each chunk in a transaction of its own; stops between two when
 * `signal` is aborted. Gives how many it deleted; `onChunk` hears the number so far.
 */
export async function discardDeadLetters(
  store: Store,
  filter: DeadLetterFilter,
  signal: AbortSignal,
  onChunk: (deleted: number) => void = () => {},
): Promise<number> {
  const which = conditionOf(filter);
  let deleted = 0;
  let after = "0";
  while (!signal.aborted) {
    const rows = await store.select(
      `SELECT id FROM dead_letters WHERE ${which} AND id>${idLiteral(after)} ORDER BY id LIMIT ${CHUNK}`,
    );
    const ids = rows.map((row) => String(row["id"]));
    const last = ids.at(-1);
    if (last === undefined) break;
    // The condition once more: what a replay has meanwhile put out of the filter stays.
    const done = await store.transaction((tx) =>
      tx.run(`DELETE FROM dead_letters WHERE id IN (${ids.join(",")}) AND ${which}`),
    );
    deleted += done.affectedRows;
    after = last;
    onChunk(deleted);
  }
  return deleted;
}

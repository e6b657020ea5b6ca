import { conditionOf } from "./dead-letter-filter.ts";
import type { Store } from "./store.ts";

/** How many dead letters wait for somebody; `most` when there are as many or more. Looks at no more than it has to. */
export async function countOpenDeadLetters(store: Store, most: number): Promise<number> {
  const [row] = await store.select(
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM dead_letters WHERE ${conditionOf({ state: "open" })} LIMIT ${most}) AS found`,
  );
  return Number(row?.["n"]);
}

import type { TestDatabase } from "./servers.ts";

/** How many receipts there are: one for each update that has settled. */
export async function receiptCount(database: TestDatabase): Promise<number> {
  const [row] = await database.query("SELECT COUNT(*) AS n FROM receipts");
  return Number(row?.["n"]);
}

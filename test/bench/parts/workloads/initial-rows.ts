import type { Connection } from "mysql2/promise";
import { type BenchRow, ROWS } from "../../load.ts";
import { insertRows } from "../workload.ts";

const AT = "2026-01-01T00:00:00.000000Z";

/** A row as it is before any message. */
export function initialRow(id: number): BenchRow {
  const amount = `${id}.25`;
  return { id, name: "Nobody", email: "nobody@example.org", amount, at: AT, note: `Row ${id} as it began` };
}

/** All rows that a load may draw, as they are before any message. */
export const INITIAL_ROWS: readonly BenchRow[] = Array.from({ length: ROWS }, (_, id) => initialRow(id));

/** Fills `bench_rows` with them. */
export function insertInitialRows(connection: Connection): Promise<void> {
  return insertRows(
    connection,
    "bench_rows",
    ["id", "name", "email", "amount", "at", "note"],
    INITIAL_ROWS.map(({ id, name, email, amount, at, note }) => [
      id,
      name,
      email,
      amount,
      at.slice(0, -1),
      note,
    ]),
  );
}

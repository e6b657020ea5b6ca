import type { Connection } from "mysql2/promise";
import type { BenchMessage } from "../load.ts";

/** Messages for rowpost, and how to see that it has done what they say. */
export interface Workload {
  readonly messages: readonly BenchMessage[];
  /** Keys among them, each of which must have a receipt that is no rejection. */
  readonly keys: number;
  /** Makes the rows that the messages expect to find; the tables are empty before. */
  prepare(connection: Connection): Promise<void>;
  /** What the rows hold that they should not. */
  faults(connection: Connection): Promise<readonly string[]>;
}

const ROWS_PER_INSERT = 1_000;

/** Fills a table in few statements. */
export async function insertRows(
  connection: Connection,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) {
    await connection.query(`INSERT INTO ${table} (${columns}) VALUES ?`, [
      rows.slice(at, at + ROWS_PER_INSERT),
    ]);
  }
}

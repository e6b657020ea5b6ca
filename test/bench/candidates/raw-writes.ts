import { createPool, type Pool, type PoolConnection } from "mysql2/promise";
import type { Job } from "../job.ts";
import type { BenchRow } from "../load.ts";

/** As many as rowpost's default lanes. */
export const CONNECTIONS = 4;
export const BATCH = 500;

export type RawRow = readonly [number, string, string, string, string, string | null];

/** What a raw pipeline writes of a message: its key and its row. */
export interface RawWrite {
  readonly key: string;
  readonly row: RawRow;
}

export function rawRow(id: number, set: Omit<BenchRow, "id">): RawRow {
  return [id, set.name, set.email, set.amount, set.at.slice(0, -1), set.note];
}

export function openRawPool({ database }: Job): Pool {
  const { host, port, user, password, name } = database;
  const login = { host, port, user, password, database: name };
  const pool = createPool({ ...login, connectionLimit: CONNECTIONS, charset: "utf8mb4" });
  pool.on("connection", (connection) => {
    void connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  });
  return pool;
}

/**
 * One transaction: keys and rows, written blindly. The keys are sorted, and so are the rows: two lanes that need the same ones
 * wait for each other and don't deadlock.
 */
export async function writeRaw(pool: Pool, batch: readonly RawWrite[]): Promise<void> {
  const keys = batch
    .map(({ key }) => key)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => [key]);
  const rows = batch.map(({ row }) => row).sort((a, b) => a[0] - b[0]);
  const connection = await pool.getConnection();
  try {
    await transact(connection, keys, rows);
  } finally {
    connection.release();
  }
}

async function transact(
  connection: PoolConnection,
  keys: readonly (readonly string[])[],
  rows: readonly RawRow[],
): Promise<void> {
  await connection.beginTransaction();
  await connection.query("INSERT IGNORE INTO bench_keys (id) VALUES ?", [keys]);
  await connection.query(
    "INSERT INTO bench_rows (id,name,email,amount,at,note) VALUES ? ON DUPLICATE KEY UPDATE " +
      "name=VALUES(name),email=VALUES(email),amount=VALUES(amount),at=VALUES(at),note=VALUES(note)",
    [rows],
  );
  await connection.commit();
}

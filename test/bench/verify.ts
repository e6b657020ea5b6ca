import type { Connection, RowDataPacket } from "mysql2/promise";
import type { Candidate } from "./job.ts";
import type { BenchRow, Load } from "./load.ts";

/**
 * Looks at what a candidate has left in the database: each key once, each row there, and each row exactly as one of its
 * messages says. Rejects with what is wrong; so a wrong result can't be a fast one.
 */
export async function verify(connection: Connection, candidate: Candidate, load: Load): Promise<void> {
  if (candidate === "a") return;
  const faults = [
    ...(candidate === "d" ? await receiptFaults(connection, load) : await keyFaults(connection, load)),
    ...(await rowFaults(connection, load)),
  ];
  if (faults.length > 0) throw new Error(`candidate ${candidate} has a wrong result: ${faults.join("; ")}`);
}

async function keyFaults(connection: Connection, load: Load): Promise<string[]> {
  const keys = await number(connection, "SELECT COUNT(*) AS n FROM bench_keys");
  return keys === load.keys ? [] : [`${keys} keys of ${load.keys}`];
}

async function receiptFaults(connection: Connection, load: Load): Promise<string[]> {
  const where = "outcome IN ('applied','unchanged') AND LENGTH(fingerprint)=32";
  const receipts = await number(connection, `SELECT COUNT(*) AS n FROM receipts WHERE ${where}`);
  const others = await number(connection, `SELECT COUNT(*) AS n FROM receipts WHERE NOT (${where})`);
  const dead = await number(connection, "SELECT COUNT(*) AS n FROM dead_letters");
  const faults = receipts === load.keys ? [] : [`${receipts} receipts of ${load.keys}`];
  return others + dead === 0 ? faults : [...faults, `${others} other receipts, ${dead} dead letters`];
}

async function rowFaults(connection: Connection, load: Load): Promise<string[]> {
  const said = new Set(load.messages.map(({ row }) => textOf({ ...row, at: row.at.slice(0, -1) })));
  const [rows] = await connection.query<(RowDataPacket & BenchRow)[]>("SELECT * FROM bench_rows");
  const wrong = rows.filter((row) => !said.has(textOf({ ...row, at: row.at.replace(" ", "T") })));
  const faults = rows.length === load.rows ? [] : [`${rows.length} rows of ${load.rows}`];
  return wrong.length === 0 ? faults : [...faults, `${wrong.length} rows as no message says them`];
}

function textOf({ id, name, email, amount, at, note }: BenchRow): string {
  return JSON.stringify([id, name, email, amount, at, note]);
}

async function number(connection: Connection, sql: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return Number(rows[0]?.["n"]);
}

import type { Connection, RowDataPacket } from "mysql2/promise";
import type { Candidate } from "./job.ts";
import type { BenchRow, Load } from "./load.ts";

/**
 * Looks at what a candidate has left in the database: each key once, each row there, and each row exactly as one of its
 * messages says. Rejects with what is wrong; so a wrong result can't be a fast one.
 */
export async function verify(connection: Connection, candidate: Candidate, load: Load): Promise<void> {
  if (candidate === "a") return;
  const said = load.messages.map(({ row }) => row);
  const faults = [
    ...(candidate === "d" ? await receiptFaults(connection, load.keys) : await keyFaults(connection, load)),
    ...(await rowFaults(connection, said, load.rows)),
  ];
  if (faults.length > 0) throw new Error(`candidate ${candidate} has a wrong result: ${faults.join("; ")}`);
}

async function keyFaults(connection: Connection, load: Load): Promise<string[]> {
  const keys = await countOf(connection, "bench_keys");
  return keys === load.keys ? [] : [`${keys} keys of ${load.keys}`];
}

/** What is wrong with the receipts whose ids are above `after`: so many keys, none of them rejected, no dead letters. */
export async function receiptFaults(connection: Connection, keys: number, after = "0"): Promise<string[]> {
  const good = "outcome IN ('applied','unchanged','stale') AND LENGTH(fingerprint)=32";
  const receipts = await countOf(connection, `receipts WHERE id>${after} AND ${good}`);
  const others = await countOf(connection, `receipts WHERE id>${after} AND NOT (${good})`);
  const dead = await countOf(connection, "dead_letters");
  const faults = receipts === keys ? [] : [`${receipts} receipts of ${keys}`];
  return others + dead === 0 ? faults : [...faults, `${others} other receipts, ${dead} dead letters`];
}

/** What is wrong with `bench_rows`: so many rows, each exactly as one of these. */
export async function rowFaults(
  connection: Connection,
  said: readonly BenchRow[],
  count: number,
): Promise<string[]> {
  const texts = new Set(said.map((row) => textOf({ ...row, at: row.at.slice(0, -1) })));
  const [rows] = await connection.query<(RowDataPacket & BenchRow)[]>("SELECT * FROM bench_rows");
  const wrong = rows.filter((row) => !texts.has(textOf({ ...row, at: row.at.replace(" ", "T") })));
  const faults = rows.length === count ? [] : [`${rows.length} rows of ${count}`];
  return wrong.length === 0 ? faults : [...faults, `${wrong.length} rows as no message says them`];
}

function textOf({ id, name, email, amount, at, note }: BenchRow): string {
  return JSON.stringify([id, name, email, amount, at, note]);
}

/** How many rows a table has, or those of it that a WHERE behind its name leaves. */
export async function countOf(connection: Connection, from: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${from}`);
  return Number(rows[0]?.["n"]);
}

import type { Connection, RowDataPacket } from "mysql2/promise";
import { xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { ROWS, sendTwice, singles } from "../../load.ts";
import { insertRows, type Workload } from "../workload.ts";

const COLUMNS = ["id", "name", "email", "amount", "at", "note"];

/** Increments of a decimal of rows that are there, drawn at random from so many: each row's sum must be exact. */
export function increments(count: number, rows = ROWS): Workload {
  const random = xoshiro128(count);
  const cents = new Map<number, number>();
  const single = Array.from({ length: singles(count) }, () => {
    const id = Math.floor(random() * rows);
    const by = 1 + Math.floor(random() * 999);
    cents.set(id, (cents.get(id) ?? 0) + by);
    const add = { amount: (by / 100).toFixed(2) };
    const body = { table: "bench_rows", op: "update", key: { id }, add };
    return { key: uuidV7(), data: Buffer.from(JSON.stringify(body)) };
  });
  const there = Array.from({ length: rows }, (_, id) => [
    id,
    `Counter ${id}`,
    "counter@example.org",
    "0.00",
    "2026-01-01 00:00:00",
    null,
  ]);
  return {
    messages: sendTwice(single, count, random),
    keys: single.length,
    prepare: (connection) => insertRows(connection, "bench_rows", COLUMNS, there),
    faults: (connection) => sumFaults(connection, cents),
  };
}

async function sumFaults(
  connection: Connection,
  cents: ReadonlyMap<number, number>,
): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT id, amount FROM bench_rows");
  const wrong = rows.filter(
    ({ id, amount }) => Number(String(amount).replace(".", "")) !== (cents.get(id) ?? 0),
  );
  return wrong.length === 0 ? [] : [`${wrong.length} sums are wrong`];
}

import { xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { drawRow, ROWS, sendTwice, singles } from "../../load.ts";
import { rowFaults } from "../../verify.ts";
import type { Workload } from "../workload.ts";
import { INITIAL_ROWS, initialRow, insertInitialRows } from "./initial-rows.ts";

/** Updates of rows that are there, which take effect only if two other columns hold what is expected, as they do. */
export function expectations(count: number): Workload {
  const random = xoshiro128(count);
  const single = Array.from({ length: singles(count) }, (_, n) => {
    const { id, name, email, at } = drawRow(n, random);
    const { amount, note } = initialRow(id);
    const set = { name, email, at };
    const body = { table: "bench_rows", op: "update", key: { id }, set, expect: { amount, note } };
    return { key: uuidV7(), data: Buffer.from(JSON.stringify(body)), row: { id, ...set, amount, note } };
  });
  const messages = sendTwice(single, count, random);
  return {
    messages,
    keys: single.length,
    prepare: insertInitialRows,
    faults: (connection) => rowFaults(connection, [...INITIAL_ROWS, ...single.map(({ row }) => row)], ROWS),
  };
}

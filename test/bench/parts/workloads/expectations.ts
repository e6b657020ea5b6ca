import { xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { type BenchRow, drawRow, ROWS, sendTwice, singles } from "../../load.ts";
import { rowFaults } from "../../verify.ts";
import { insertRows, type Workload } from "../workload.ts";

const AT = "2026-01-01T00:00:00.000000Z";

/** Updates of rows that are there, which take effect only if two other columns hold what is expected, as they do. */
export function expectations(count: number): Workload {
  const random = xoshiro128(count);
  const single = Array.from({ length: singles(count) }, (_, n) => {
    const { id, name, email, at } = drawRow(n, random);
    const { amount, note } = initial(id);
    const set = { name, email, at };
    const body = { table: "bench_rows", op: "update", key: { id }, set, expect: { amount, note } };
    return { key: uuidV7(), data: Buffer.from(JSON.stringify(body)), row: { id, ...set, amount, note } };
  });
  const messages = sendTwice(single, count, random);
  const there = Array.from({ length: ROWS }, (_, id) => initial(id));
  return {
    messages,
    keys: single.length,
    prepare: (connection) =>
      insertRows(
        connection,
        "bench_rows",
        ["id", "name", "email", "amount", "at", "note"],
        there.map(({ id, name, email, amount, at, note }) => [
          id,
          name,
          email,
          amount,
          at.slice(0, -1),
          note,
        ]),
      ),
    faults: (connection) => rowFaults(connection, [...there, ...single.map(({ row }) => row)], ROWS),
  };
}

function initial(id: number): BenchRow {
  const amount = `${id}.25`;
  return { id, name: "Nobody", email: "nobody@example.org", amount, at: AT, note: `Row ${id} as it began` };
}

import { type Random, xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { type BenchRow, drawRow, sendTwice, singles } from "../../load.ts";
import { rowFaults } from "../../verify.ts";
import type { Workload } from "../workload.ts";

export const CHANGES = 10;

/** Updates of ten upserts each, of ten rows, which take effect together. */
export function tenChanges(count: number): Workload {
  const random = xoshiro128(count);
  const single = Array.from({ length: singles(count) }, (_, n) => {
    const rows = tenRows(n, random);
    const changes = rows.map(({ id, ...set }) => ({ table: "bench_rows", op: "upsert", key: { id }, set }));
    return { key: uuidV7(), data: Buffer.from(JSON.stringify({ changes })), rows };
  });
  const said = single.flatMap(({ rows }) => rows);
  return {
    messages: sendTwice(single, count, random),
    keys: single.length,
    async prepare() {},
    faults: (connection) => rowFaults(connection, said, new Set(said.map(({ id }) => id)).size),
  };
}

function tenRows(n: number, random: Random): readonly BenchRow[] {
  const rows = new Map<number, BenchRow>();
  for (let i = 0; rows.size < CHANGES; i += 1) {
    const row = drawRow(n * 100 + i, random);
    rows.set(row.id, row);
  }
  return [...rows.values()];
}

import type { Connection, RowDataPacket } from "mysql2/promise";
import { xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { drawRow, sendTwice, singles } from "../../load.ts";
import type { Workload } from "../workload.ts";

/** Upserts with a version, newer ones later for the most part: the newest of each row must win. */
export function versions(count: number): Workload {
  const random = xoshiro128(count);
  const newest = new Map<number, number>();
  const single = Array.from({ length: singles(count) }, (_, n) => {
    const { id, ...set } = drawRow(n, random);
    newest.set(id, n);
    const body = { table: "bench_versions", op: "upsert", key: { id }, set: { ...set, version: n } };
    return { key: uuidV7(), data: Buffer.from(JSON.stringify(body)) };
  });
  return {
    messages: sendTwice(single, count, random),
    keys: single.length,
    async prepare() {},
    faults: (connection) => versionFaults(connection, newest),
  };
}

async function versionFaults(
  connection: Connection,
  newest: ReadonlyMap<number, number>,
): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT id, version, email FROM bench_versions");
  const wrong = rows.filter(
    ({ id, version, email }) =>
      newest.get(Number(id)) !== Number(version) || email !== `person-${version}@example.org`,
  );
  const faults = rows.length === newest.size ? [] : [`${rows.length} rows of ${newest.size}`];
  return wrong.length === 0 ? faults : [...faults, `${wrong.length} rows are not the newest`];
}

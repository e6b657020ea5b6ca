import type { Connection, RowDataPacket } from "mysql2/promise";
import { xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import type { BenchMessage } from "../../load.ts";

/** Rows that a backlog is spread over. */
const CUSTOMERS = 20_000;
/** Bytes of one message's data, about. */
const BYTES = 250;

/** Upserts of `customers`, which any rowpost has; made as they are sent, since all of them would fill the memory. */
export function* backlogMessages(count: number): Generator<BenchMessage> {
  const random = xoshiro128(count);
  for (let n = 0; n < count; n += 1) {
    const customer = Math.floor(random() * CUSTOMERS);
    const set = { firstName: nameOf(n), lastName: `of ${customer}`.padEnd(BYTES - 150, " etc.") };
    const body = { table: "customers", op: "upsert", key: { customerID: `c-${customer}` }, set };
    yield { key: uuidV7(), data: Buffer.from(JSON.stringify(body)) };
  }
}

function nameOf(n: number): string {
  return `Ada ${n}`;
}

/** What the customers hold that no message of such a backlog has said of them. */
export async function backlogFaults(connection: Connection, count: number): Promise<readonly string[]> {
  const random = xoshiro128(count);
  const said = new Map<string, Set<string>>();
  for (let n = 0; n < count; n += 1) {
    const id = `c-${Math.floor(random() * CUSTOMERS)}`;
    const names = said.get(id) ?? new Set();
    said.set(id, names.add(nameOf(n)));
  }
  const [rows] = await connection.query<RowDataPacket[]>("SELECT customerID, firstName FROM customers");
  const wrong = rows.filter(
    (row) => said.get(String(row["customerID"]))?.has(String(row["firstName"])) !== true,
  );
  const faults = rows.length === said.size ? [] : [`${rows.length} customers of ${said.size}`];
  return wrong.length === 0 ? faults : [...faults, `${wrong.length} customers as no message says them`];
}

import type { Message } from "@google-cloud/pubsub";
import { createPool, type PoolConnection, type ResultSetHeader } from "mysql2/promise";
import type { Job } from "../job.ts";
import type { BenchRow } from "../load.ts";
import type { Meter } from "../meter.ts";
import { pull } from "./pull.ts";

const CONNECTIONS = 10;
/** Handlers at once. */
const HANDLERS = 20;

/**
 * (c) The worker that a competent developer writes by hand: for each message a transaction that claims its key, writes its
 * row and commits; a message that was applied before is acknowledged, one that fails is given back.
 */
export async function byHand(job: Job, meter: Meter): Promise<AsyncDisposable> {
  const { host, port, user, password, name } = job.database;
  const pool = createPool({
    host,
    port,
    user,
    password,
    database: name,
    connectionLimit: CONNECTIONS,
    charset: "utf8mb4",
  });
  const waiting: { readonly message: Message; readonly receivedAt: number }[] = [];
  let handlers = 0;
  const handler = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const connection = await pool.getConnection();
      try {
        await apply(connection, next.message);
        meter.committed(next.receivedAt);
        next.message.ack();
        meter.settled(1);
      } catch {
        await connection.rollback();
        next.message.nack();
      } finally {
        connection.release();
      }
    }
    handlers -= 1;
  };
  const pulling = pull(job, (message) => {
    meter.received();
    waiting.push({ message, receivedAt: performance.now() });
    if (handlers === HANDLERS) return;
    handlers += 1;
    void handler();
  });
  return {
    async [Symbol.asyncDispose]() {
      await pulling[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

async function apply(connection: PoolConnection, { attributes, data }: Message): Promise<void> {
  const { key, set } = JSON.parse(data.toString()) as { key: { id: number }; set: BenchRow };
  await connection.beginTransaction();
  const [claimed] = await connection.execute<ResultSetHeader>(
    "INSERT IGNORE INTO bench_keys (id) VALUES (?)",
    [attributes["idempotency-key"] ?? null],
  );
  if (claimed.affectedRows === 1) {
    await connection.execute(
      "INSERT INTO bench_rows (id,name,email,amount,at,note) VALUES (?,?,?,?,?,?) ON DUPLICATE KEY UPDATE " +
        "name=VALUES(name),email=VALUES(email),amount=VALUES(amount),at=VALUES(at),note=VALUES(note)",
      [key.id, set.name, set.email, set.amount, set.at.slice(0, -1), set.note],
    );
  }
  await connection.commit();
}

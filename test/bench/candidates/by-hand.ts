import type { Message } from "@google-cloud/pubsub";
import { createPool, type Pool, type PoolConnection, type ResultSetHeader } from "mysql2/promise";
import type { Job } from "../job.ts";
import type { BenchRow } from "../load.ts";
import type { Meter } from "../meter.ts";
import { oneByOne } from "./one-by-one.ts";

const CONNECTIONS = 10;

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
  const pulling = oneByOne(job, meter, (message) => apply(pool, message));
  return {
    async [Symbol.asyncDispose]() {
      await pulling[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

async function apply(pool: Pool, message: Message): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await write(connection, message);
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}

async function write(connection: PoolConnection, { attributes, data }: Message): Promise<void> {
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

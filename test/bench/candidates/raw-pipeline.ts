import type { Message } from "@google-cloud/pubsub";
import { createPool, type Pool, type PoolConnection } from "mysql2/promise";
import type { Job } from "../job.ts";
import type { BenchRow } from "../load.ts";
import type { Meter } from "../meter.ts";
import { pull } from "./pull.ts";

/** As many as rowpost's default lanes. */
const CONNECTIONS = 4;
const BATCH = 500;

/**
 * (b) What the same messages cost without knowing anything about them: parsed and not checked, 500 a transaction, the keys
 * and the rows written blindly. It can't tell what became of an update, and of a message that comes twice late it makes an
 * old row; no worker that answers for each update can be faster.
 */
export async function rawPipeline(job: Job, meter: Meter): Promise<AsyncDisposable> {
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
  pool.on("connection", (connection) => {
    void connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  });
  const waiting: Message[] = [];
  let lanes = 0;
  const lane = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      await apply(pool, batch);
      for (const message of batch) message.ack();
      meter.batch(batch.length);
      meter.settled(batch.length);
    }
    lanes -= 1;
  };
  const pulling = pull(job, (message) => {
    meter.received();
    waiting.push(message);
    if (lanes === CONNECTIONS) return;
    lanes += 1;
    setImmediate(() => void lane());
  });
  return {
    async [Symbol.asyncDispose]() {
      await pulling[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

/** The keys are sorted, and so are the rows: two lanes that need the same ones wait for each other and don't deadlock. */
async function apply(pool: Pool, batch: readonly Message[]): Promise<void> {
  const keys = batch
    .map(({ attributes }) => attributes["idempotency-key"] ?? "")
    .sort((a, b) => (a < b ? -1 : 1))
    .map((key) => [key]);
  const rows = batch.map(({ data }) => rowOf(data)).sort((a, b) => a[0] - b[0]);
  const connection = await pool.getConnection();
  try {
    await transact(connection, keys, rows);
  } finally {
    connection.release();
  }
}

async function transact(connection: PoolConnection, keys: unknown[][], rows: unknown[][]): Promise<void> {
  await connection.beginTransaction();
  await connection.query("INSERT IGNORE INTO bench_keys (id) VALUES ?", [keys]);
  await connection.query(
    "INSERT INTO bench_rows (id,name,email,amount,at,note) VALUES ? ON DUPLICATE KEY UPDATE " +
      "name=VALUES(name),email=VALUES(email),amount=VALUES(amount),at=VALUES(at),note=VALUES(note)",
    [rows],
  );
  await connection.commit();
}

function rowOf(data: Buffer): [number, string, string, string, string, string | null] {
  const { key, set } = JSON.parse(data.toString()) as { key: { id: number }; set: BenchRow };
  return [key.id, set.name, set.email, set.amount, set.at.slice(0, -1), set.note];
}

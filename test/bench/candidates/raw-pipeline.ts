import type { Message } from "@google-cloud/pubsub";
import type { Job } from "../job.ts";
import type { BenchRow } from "../load.ts";
import type { Meter } from "../meter.ts";
import { pull } from "./pull.ts";
import { BATCH, CONNECTIONS, openRawPool, type RawWrite, rawRow, writeRaw } from "./raw-writes.ts";

/**
 * (b) What the same messages cost without knowing anything about them: parsed and not checked, 500 a transaction, the keys
 * and the rows written blindly. It can't tell what became of an update, and of a message that comes twice late it makes an
 * old row; no worker that answers for each update can be faster.
 */
export async function rawPipeline(job: Job, meter: Meter): Promise<AsyncDisposable> {
  const pool = openRawPool(job);
  const waiting: Message[] = [];
  let lanes = 0;
  const lane = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      await writeRaw(pool, batch.map(writeOf));
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

function writeOf({ attributes, data }: Message): RawWrite {
  const { key, set } = JSON.parse(data.toString()) as { key: { id: number }; set: BenchRow };
  return { key: attributes["idempotency-key"] ?? "", row: rawRow(key.id, set) };
}

import type { Job } from "../job.ts";
import { createLoad } from "../load.ts";
import type { Meter } from "../meter.ts";
import { BATCH, CONNECTIONS, openRawPool, rawRow, writeRaw } from "./raw-writes.ts";

/**
 * (i) The database's ceiling: the raw pipeline's transactions over the same load, made in this process and not parsed, without
 * a broker.
 */
export async function databaseAlone(job: Job, meter: Meter): Promise<AsyncDisposable> {
  const pool = openRawPool(job);
  const writes = createLoad(job.messages).messages.map(({ key, row: { id, ...set } }) => ({
    key,
    row: rawRow(id, set),
  }));
  const lane = async () => {
    while (writes.length > 0) {
      const batch = writes.splice(0, BATCH);
      await writeRaw(pool, batch);
      meter.batch(batch.length);
      meter.settled(batch.length);
    }
  };
  // Connected before the clock starts, as the others are when they have pulled for the first time.
  await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.query("SELECT 1")));
  meter.received();
  for (let n = 0; n < CONNECTIONS; n += 1) void lane();
  return { [Symbol.asyncDispose]: () => pool.end() };
}

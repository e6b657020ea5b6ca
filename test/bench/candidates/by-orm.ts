import type { Message } from "@google-cloud/pubsub";
import { defineEntity, MikroORM, p, UniqueConstraintViolationException } from "@mikro-orm/mysql";
import type { Job } from "../job.ts";
import type { BenchRow } from "../load.ts";
import type { Meter } from "../meter.ts";
import { oneByOne } from "./one-by-one.ts";

const CONNECTIONS = 10;

const Key = defineEntity({
  name: "Key",
  tableName: "bench_keys",
  properties: { id: p.string().length(36).primary() },
});

const Row = defineEntity({
  name: "Row",
  tableName: "bench_rows",
  properties: {
    id: p.integer().primary().autoincrement(false),
    name: p.string().length(150),
    email: p.string().length(150),
    amount: p.decimal().precision(12).scale(2),
    // As text: a Date would lose the microseconds.
    at: p.string().columnType("datetime(6)"),
    note: p.text().nullable(),
  },
});

/**
 * (j) The same worker as (c) by a competent developer with MikroORM: for each message an entity manager of its own and a
 * transaction that claims its key and upserts its row.
 */
export async function byOrm(job: Job, meter: Meter): Promise<AsyncDisposable> {
  const { host, port, user, password, name: dbName } = job.database;
  const login = { host, port, user, password, dbName };
  const orm = await MikroORM.init({ ...login, entities: [Key, Row], pool: { max: CONNECTIONS } });
  const pulling = oneByOne(job, meter, (message) => apply(orm, message));
  return {
    async [Symbol.asyncDispose]() {
      await pulling[Symbol.asyncDispose]();
      await orm.close();
    },
  };
}

/** A key that is there already: a duplicate, of which nothing is left to do. */
async function apply(orm: MikroORM, { attributes, data }: Message): Promise<void> {
  const { key, set } = JSON.parse(data.toString()) as { key: { id: number }; set: BenchRow };
  try {
    await orm.em.fork().transactional(async (em) => {
      await em.insert(Key, { id: attributes["idempotency-key"] ?? "" });
      await em.upsert(Row, { ...set, id: key.id, at: set.at.slice(0, -1) });
    });
  } catch (error) {
    if (!(error instanceof UniqueConstraintViolationException)) throw error;
  }
}

import { defineEntity, p } from "@mikro-orm/mysql";

/** The kept originals of rejected updates; one row for each (key, fingerprint), a redelivery counts up. */
export const DeadLetter = defineEntity({
  name: "DeadLetter",
  tableName: "dead_letters",
  properties: {
    id: p.bigint().primary().autoincrement(),
    keyId: p.string().columnType("binary(16)").fieldName("key_id"),
    idempotencyKey: p.string().length(255).collation("ascii_bin").fieldName("idempotency_key"),
    fingerprint: p.string().columnType("binary(32)"),
    code: p.string().length(32),
    message: p.text(),
    pointer: p.text().nullable(),
    rule: p.string().length(64).nullable(),
    tableName: p.string().length(64).nullable().fieldName("table_name"),
    columnName: p.string().length(64).nullable().fieldName("column_name"),
    indexName: p.string().length(64).nullable().fieldName("index_name"),
    errno: p.integer().nullable(),
    data: p.blob().columnType("longblob"),
    attributes: p.json(),
    messageId: p.string().length(64).collation("ascii_bin").fieldName("message_id"),
    publishedAt: p.datetime(6).fieldName("published_at"),
    firstAt: p.datetime(6).fieldName("first_at"),
    lastAt: p.datetime(6).fieldName("last_at"),
    deliveries: p.integer().unsigned(true).default(1),
    replays: p.integer().unsigned(true).default(0),
    replayedAt: p.datetime(6).nullable().fieldName("replayed_at"),
    replayOutcome: p.string().length(32).nullable().fieldName("replay_outcome"),
  },
  uniques: [{ name: "dead_letters_key_fingerprint", properties: ["keyId", "fingerprint"] }],
  indexes: [
    { name: "dead_letters_code", properties: ["code", "tableName"] },
    { name: "dead_letters_last_at", properties: ["lastAt"] },
  ],
});

import { defineEntity, p } from "@mikro-orm/mysql";

/**
 * The ledger. Rows are clustered by `id`, so every insert appends, and the oldest are purged by a range of it; the one
 * other index holds 16 bytes a key (see `keyId`), which append too when the keys are UUIDv7.
 */
export const Receipt = defineEntity({
  name: "Receipt",
  tableName: "receipts",
  properties: {
    id: p.bigint().primary().autoincrement(),
    keyId: p.string().columnType("binary(16)").fieldName("key_id"),
    idempotencyKey: p.string().length(255).collation("ascii_bin").fieldName("idempotency_key"),
    fingerprint: p.string().columnType("binary(32)"),
    outcome: p.enum(["applied", "unchanged", "stale", "rejected"]),
    code: p.string().length(32).nullable(),
    rowsChanged: p.integer().unsigned(true).fieldName("rows_changed"),
    rowsInserted: p.integer().unsigned(true).fieldName("rows_inserted").default(0),
    messageId: p.string().length(64).collation("ascii_bin").fieldName("message_id"),
    publishedAt: p.datetime(6).fieldName("published_at"),
    appliedAt: p.datetime(6).fieldName("applied_at"),
  },
  uniques: [{ name: "receipts_key", properties: ["keyId"] }],
});

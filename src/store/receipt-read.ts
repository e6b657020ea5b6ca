import { instant } from "./database-time.ts";
import { keyId } from "./key-id.ts";
import { textLiteral } from "./literal.ts";
import type { Store } from "./store.ts";

/** A receipt as it stands: what became of the update of this key. Times are RFC 3339 in UTC, with microseconds. */
export interface ReceiptRecord {
  readonly idempotencyKey: string;
  /** 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly outcome: "applied" | "unchanged" | "stale" | "rejected";
  /** The rejection's code; null unless rejected. */
  readonly code: string | null;
  readonly rowsChanged: number;
  readonly messageId: string;
  readonly publishedAt: string;
  readonly appliedAt: string;
}

/** The receipt of a key, or undefined when none is there (yet, or any more). */
export async function readReceipt(store: Store, key: string): Promise<ReceiptRecord | undefined> {
  const [row] = await store.select(
    "SELECT idempotency_key,fingerprint,outcome,code,rows_changed,message_id,published_at,applied_at FROM receipts" +
      ` WHERE key_id=X'${keyId(key)}' AND idempotency_key=${textLiteral(key)}`,
  );
  if (row === undefined) return undefined;
  return {
    idempotencyKey: String(row["idempotency_key"]),
    fingerprint: (row["fingerprint"] as Buffer).toString("hex"),
    outcome: row["outcome"] as ReceiptRecord["outcome"],
    code: row["code"] as string | null,
    rowsChanged: Number(row["rows_changed"]),
    messageId: String(row["message_id"]),
    publishedAt: instant(row["published_at"]),
    appliedAt: instant(row["applied_at"]),
  };
}

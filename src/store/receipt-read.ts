import { instant } from "./database-time.ts";
import { keyId } from "./key-id.ts";
import { hexLiteral } from "./literal.ts";
import type { DatabaseRow, Store } from "./store.ts";

/** A receipt as it stands: what became of the update of this key. Times are RFC 3339 in UTC, with microseconds. */
export interface ReceiptRecord {
  readonly idempotencyKey: string;
  /** 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly outcome: "applied" | "unchanged" | "stale" | "rejected";
  /** The rejection's code; null unless rejected. */
  readonly code: string | null;
  /** Rows that it made, removed or gave another value. */
  readonly rowsChanged: number;
  /** Of these, the rows that it made. */
  readonly rowsInserted: number;
  readonly messageId: string;
  readonly publishedAt: string;
  readonly appliedAt: string;
}

/** Receipts by key, and the database's own time when they were read, in Unix milliseconds. */
export interface FoundReceipts {
  readonly receipts: ReadonlyMap<string, ReceiptRecord>;
  readonly now: number;
}

/** Why an update was rejected, as its dead letter says it; only what is known is there. */
export interface RejectionRecord {
  readonly code: string;
  readonly message: string;
  readonly pointer?: string;
  readonly rule?: string;
  readonly table?: string;
  readonly column?: string;
  readonly index?: string;
  readonly errno?: number;
}

/** What {@link receiptOf} reads. */
export const RECEIPT_COLUMNS =
  "idempotency_key,fingerprint,outcome,code,rows_changed,rows_inserted,message_id,published_at,applied_at";
const REJECTION = "idempotency_key,code,message,pointer,rule,table_name,column_name,index_name,errno";

/** Keys in one SELECT: MariaDB turns lists of 1,000 and more into a join (in_predicate_conversion_threshold). */
const KEYS_PER_SELECT = 500;

/** The receipt of a key, or undefined when none is there (yet, or any more). */
export async function readReceipt(store: Store, key: string): Promise<ReceiptRecord | undefined> {
  return (await readReceipts(store, [key])).receipts.get(key);
}

/** The receipts of these keys, those that are there: one query for each 500 keys. */
export async function readReceipts(store: Store, keys: Iterable<string>): Promise<FoundReceipts> {
  const receipts = new Map<string, ReceiptRecord>();
  const wanted = [...keys];
  let now = Number.POSITIVE_INFINITY;
  for (let at = 0; at < wanted.length; at += KEYS_PER_SELECT) {
    const ids = wanted.slice(at, at + KEYS_PER_SELECT).map((key) => hexLiteral(keyId(key)));
    const rows = await store.select(
      `SELECT ${RECEIPT_COLUMNS},UTC_TIMESTAMP(6) AS now FROM receipts WHERE key_id IN (${ids.join(",")})`,
    );
    for (const row of rows) {
      const receipt = receiptOf(row);
      receipts.set(receipt.idempotencyKey, receipt);
      now = Math.min(now, Date.parse(instant(row["now"])));
    }
  }
  return { receipts, now };
}

/** Why these updates were rejected, by key; those whose dead letters are still kept. */
export async function readRejections(
  store: Store,
  receipts: readonly ReceiptRecord[],
): Promise<ReadonlyMap<string, RejectionRecord>> {
  const rejections = new Map<string, RejectionRecord>();
  for (let at = 0; at < receipts.length; at += KEYS_PER_SELECT) {
    const which = receipts
      .slice(at, at + KEYS_PER_SELECT)
      .map(
        ({ idempotencyKey, fingerprint }) =>
          `(key_id=${hexLiteral(keyId(idempotencyKey))} AND fingerprint=${hexLiteral(fingerprint)})`,
      );
    const rows = await store.select(`SELECT ${REJECTION} FROM dead_letters WHERE ${which.join(" OR ")}`);
    for (const row of rows) rejections.set(String(row["idempotency_key"]), rejectionOf(row));
  }
  return rejections;
}

export function receiptOf(row: DatabaseRow): ReceiptRecord {
  return {
    idempotencyKey: String(row["idempotency_key"]),
    fingerprint: (row["fingerprint"] as Buffer).toString("hex"),
    outcome: row["outcome"] as ReceiptRecord["outcome"],
    code: row["code"] as string | null,
    rowsChanged: Number(row["rows_changed"]),
    rowsInserted: Number(row["rows_inserted"]),
    messageId: String(row["message_id"]),
    publishedAt: instant(row["published_at"]),
    appliedAt: instant(row["applied_at"]),
  };
}

function rejectionOf(row: DatabaseRow): RejectionRecord {
  const text = (name: string, column: string) =>
    row[column] === null ? {} : { [name]: String(row[column]) };
  return {
    code: String(row["code"]),
    message: String(row["message"]),
    ...text("pointer", "pointer"),
    ...text("rule", "rule"),
    ...text("table", "table_name"),
    ...text("column", "column_name"),
    ...text("index", "index_name"),
    ...(row["errno"] === null ? {} : { errno: Number(row["errno"]) }),
  };
}

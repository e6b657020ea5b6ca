import { idLiteral } from "./dead-letter-filter.ts";
import { RECEIPT_COLUMNS, type ReceiptRecord, receiptOf } from "./receipt-read.ts";
import type { Store } from "./store.ts";

/** A receipt with its place in the ledger. */
export interface RecentReceipt extends ReceiptRecord {
  /** Decimal; the newest has the highest. */
  readonly id: string;
}

/** The newest receipts, the newest first: read from the end of the ledger, however long it is. */
export async function recentReceipts(store: Store, limit: number): Promise<RecentReceipt[]> {
  const rows = await store.select(
    `SELECT id,${RECEIPT_COLUMNS} FROM receipts ORDER BY id DESC LIMIT ${limit}`,
  );
  return rows.map((row) => ({ id: String(row["id"]), ...receiptOf(row) }));
}

/** The highest id in the ledger; "0" when it is empty. */
export async function lastReceiptId(store: Store): Promise<string> {
  const [row] = await store.select("SELECT MAX(id) AS id FROM receipts");
  return String(row?.["id"] ?? "0");
}

/** How many receipts there are of each outcome. */
export type OutcomeCounts = Readonly<Record<ReceiptRecord["outcome"], number>>;

/** Receipts of a range of ids. */
export interface RangeCounts {
  /** The range begins after this id, and ends with the next range's. */
  readonly after: string;
  readonly counts: OutcomeCounts;
}

/**
 * Counts the receipts after the first of these ids, by the range between one id and the next (the last range has no end).
 * `ids` grow and are not empty. One scan of just these receipts.
 */
export async function countReceipts(store: Store, ids: readonly string[]): Promise<RangeCounts[]> {
  const [first = "0", ...later] = ids.map(idLiteral);
  const range = ["0", ...later.map((id) => `(id>${id})`)].join("+");
  const rows = await store.select(
    `SELECT ${range} AS place,outcome,COUNT(*) AS n FROM receipts WHERE id>${first} GROUP BY place,outcome`,
  );
  const counted = ids.map((after) => ({
    after,
    counts: { applied: 0, unchanged: 0, stale: 0, rejected: 0 },
  }));
  for (const row of rows) {
    const one = counted[Number(row["place"])];
    if (one !== undefined) one.counts[row["outcome"] as keyof OutcomeCounts] = Number(row["n"]);
  }
  return counted;
}

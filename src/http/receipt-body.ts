import type { ReceiptRecord } from "../store/receipt-read.ts";

/** A receipt as it is sent. */
export interface ReceiptBody {
  readonly idempotencyKey: string;
  readonly outcome: ReceiptRecord["outcome"];
  /** The rejection's code; only there when rejected. */
  readonly code?: string;
  readonly rowsChanged: number;
  readonly rowsInserted: number;
  readonly messageId: string;
  readonly fingerprint: string;
  readonly publishedAt: string;
  readonly appliedAt: string;
}

export function receiptBody({ code, ...receipt }: ReceiptRecord): ReceiptBody {
  return code === null ? receipt : { ...receipt, code };
}

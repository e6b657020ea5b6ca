import type { Decoded, Fingerprint, IdempotencyKey } from "../messages/update.ts";
import { keyId } from "../store/key-id.ts";
import { hexLiteral, textLiteral, timeLiteral } from "../store/literal.ts";
import type { Store, Transaction } from "../store/store.ts";
import type { Outcome, Settlement } from "./outcome.ts";
import { runInserts } from "./run-inserts.ts";

/** What a receipt says to a batch. `id` is undefined for one that this batch has yet to write. */
export interface LedgerEntry {
  readonly id: string | undefined;
  readonly fingerprint: Fingerprint;
  readonly outcome: Outcome;
}

/** The receipts of a batch's keys, those that exist. */
export type Ledger = Map<IdempotencyKey, LedgerEntry>;

/** Another transaction has settled one of the batch's keys meanwhile: begin again, its receipt is there now. */
export class ReceiptRace extends Error {
  override readonly name = "ReceiptRace";
  readonly code = "RECEIPT_RACE";
}

const KEYS_PER_SELECT = 500;

/**
 * Looks the keys up. Rejected receipts, which may be replaced, are locked until the end of the transaction, so that two
 * deliveries of one key never both take effect; throws {@link ReceiptRace} when one has just been replaced.
 */
export async function lookUpReceipts(tx: Transaction, keys: Iterable<IdempotencyKey>): Promise<Ledger> {
  const byId = new Map<string, IdempotencyKey>();
  for (const key of keys) byId.set(keyId(key), key);
  const ledger: Ledger = new Map();
  const ids = [...byId.keys()];
  for (let at = 0; at < ids.length; at += KEYS_PER_SELECT) {
    const list = ids.slice(at, at + KEYS_PER_SELECT).map(hexLiteral);
    const found = await tx.select(
      `SELECT id,key_id,fingerprint,outcome FROM receipts WHERE key_id IN (${list.join(",")})`,
    );
    for (const row of found) {
      const key = byId.get((row["key_id"] as Buffer).toString("hex"));
      if (key === undefined) continue;
      const fingerprint = (row["fingerprint"] as Buffer).toString("hex") as Fingerprint;
      ledger.set(key, { id: String(row["id"]), fingerprint, outcome: row["outcome"] as Outcome });
    }
  }
  await lockRejected(tx, ledger);
  return ledger;
}

async function lockRejected(tx: Transaction, ledger: Ledger): Promise<void> {
  const ids = [...ledger.values()].filter(({ outcome }) => outcome === "rejected").map(({ id }) => id);
  if (ids.length === 0) return;
  const locked = await tx.select(
    `SELECT id FROM receipts WHERE id IN (${ids.join(",")}) AND outcome='rejected' ORDER BY id FOR UPDATE`,
  );
  if (locked.length < ids.length) throw new ReceiptRace("a rejected receipt has just been replaced");
}

/** An update of this batch and what became of it. */
export interface Settled {
  readonly decoded: Decoded;
  readonly settlement: Exclude<Settlement, { outcome: "duplicate" }>;
}

/**
 * Writes one receipt for each key, sorted, so that two workers with the same keys wait for each other and do not deadlock.
 * A rejected receipt is replaced by a new row, which keeps the table in the order of its times.
 */
export async function writeReceipts(
  tx: Transaction,
  store: Store,
  receipts: ReadonlyMap<IdempotencyKey, Settled>,
  ledger: Ledger,
): Promise<void> {
  if (receipts.size === 0) return;
  const replaced: string[] = [];
  const rows: string[] = [];
  for (const [key, settled] of receipts) {
    const id = ledger.size === 0 ? undefined : ledger.get(key)?.id;
    if (id !== undefined) replaced.push(id);
    rows.push(receiptTuple(key, settled));
  }
  if (replaced.length > 0) await tx.run(`DELETE FROM receipts WHERE id IN (${replaced.join(",")})`);
  await runInserts(tx, store.maxPacket, {
    head:
      "INSERT INTO receipts (key_id,idempotency_key,fingerprint,outcome,code,rows_changed,rows_inserted,message_id,published_at,applied_at)" +
      " VALUES ",
    rows: rows.sort(),
    tail: "",
  });
}

/** Begins with the key's 16 bytes, by which the tuples are sorted. */
function receiptTuple(key: IdempotencyKey, { decoded, settlement }: Settled): string {
  const code = settlement.outcome === "rejected" ? `'${settlement.rejection.code}'` : "NULL";
  const applied = settlement.outcome === "applied" ? settlement : { rows: 0, inserted: 0 };
  const { messageId, publishedAt } = decoded.message;
  return (
    `(${hexLiteral(keyId(key))},${textLiteral(key)},${hexLiteral(decoded.fingerprint)},'${settlement.outcome}',${code},` +
    `${applied.rows},${applied.inserted},` +
    `${textLiteral(messageId)},${timeLiteral(publishedAt)},UTC_TIMESTAMP(6))`
  );
}

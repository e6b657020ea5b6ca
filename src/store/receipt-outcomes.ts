import { instant } from "./database-time.ts";
import { keyId } from "./key-id.ts";
import { hexLiteral } from "./literal.ts";
import type { ReceiptRecord } from "./receipt-read.ts";
import type { Store } from "./store.ts";

/** An update by its key and its fingerprint, 64 hexadecimal digits. */
export interface NamedUpdate {
  readonly key: string;
  readonly fingerprint: string;
}

/** What the database knows of one update. */
export interface UpdateAccount {
  /** The receipt of its key, which may be that of another update. */
  readonly receipt: { readonly fingerprint: string; readonly outcome: ReceiptRecord["outcome"] } | undefined;
  /** The code of its own dead letter; looked up only where the receipt does not settle it as it is. */
  readonly deadLetter: string | undefined;
}

/** Keys in one SELECT: MariaDB turns lists of 1,000 and more into a join (in_predicate_conversion_threshold). */
export const UPDATES_PER_SELECT = 500;

/** What the database knows of these updates, in their order; at most {@link UPDATES_PER_SELECT}. One query, or two. */
export async function readAccounts(store: Store, updates: readonly NamedUpdate[]): Promise<UpdateAccount[]> {
  if (updates.length === 0) return [];
  const ids = updates.map(({ key }) => keyId(key));
  const rows = await store.select(
    `SELECT key_id,fingerprint,outcome FROM receipts WHERE key_id IN (${[...new Set(ids)].map(hexLiteral).join(",")})`,
  );
  const receipts = new Map(
    rows.map((row) => [
      hex(row["key_id"]),
      { fingerprint: hex(row["fingerprint"]), outcome: row["outcome"] as ReceiptRecord["outcome"] },
    ]),
  );
  const names = updates.map(({ fingerprint }, i) => ({ id: ids[i] ?? "", fingerprint }));
  const open = names.filter(({ id, fingerprint }) => {
    const receipt = receipts.get(id);
    return receipt?.fingerprint !== fingerprint || receipt.outcome === "rejected";
  });
  const letters = await readLetterCodes(store, open);
  return names.map(({ id, fingerprint }) => ({
    receipt: receipts.get(id),
    deadLetter: letters.get(id + fingerprint),
  }));
}

async function readLetterCodes(
  store: Store,
  names: readonly { readonly id: string; readonly fingerprint: string }[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const which = names.map(
    ({ id, fingerprint }) => `(key_id=${hexLiteral(id)} AND fingerprint=${hexLiteral(fingerprint)})`,
  );
  const rows = await store.select(
    `SELECT key_id,fingerprint,code FROM dead_letters WHERE ${which.join(" OR ")}`,
  );
  return new Map(rows.map((row) => [hex(row["key_id"]) + hex(row["fingerprint"]), String(row["code"])]));
}

/** The database's own time, in Unix milliseconds. */
export async function readDatabaseTime(store: Store): Promise<number> {
  const [row] = await store.select("SELECT UTC_TIMESTAMP(6) AS now");
  return Date.parse(instant(row?.["now"]));
}

function hex(bytes: unknown): string {
  return (bytes as Buffer).toString("hex");
}

import type { UpdateAccount } from "../store/receipt-outcomes.ts";

/** What the journals say of one update. Times are Unix milliseconds, of the publisher's clock. */
export interface PublishedUpdate {
  readonly key: string;
  readonly fingerprint: string;
  /** When a line last spoke of it. */
  readonly lastAt: number;
  /** When the broker last confirmed it; undefined: no line says that it has. */
  readonly confirmedAt: number | undefined;
  /** Of that confirmation. */
  readonly messageId: string | undefined;
}

/** How an update stands; the first seven need nobody. */
export const STANDINGS = [
  "applied",
  "unchanged",
  "stale",
  "rejected",
  "key_reused",
  "discarded",
  "forgotten",
  "pending",
  "unconfirmed",
  "stuck",
  "unaccounted",
] as const;
export type Standing = (typeof STANDINGS)[number];

/** Which of them are on record, or past it: what is looked up once more cannot change them for the worse. */
const ACCOUNTED: ReadonlySet<Standing> = new Set(STANDINGS.slice(0, 7));

export function isAccounted(standing: Standing): boolean {
  return ACCOUNTED.has(standing);
}

/** By which updates are judged, in milliseconds. */
export interface Rules {
  /** The database's time. */
  readonly now: number;
  /** Age up to which an update may still be on its way. */
  readonly pendingMs: number;
  /** How long receipts and dead letters are kept. */
  readonly receiptMs: number;
  readonly deadLetterMs: number;
}

/** How one update stands, by what the journals and the database know of it. Pure. */
export function standingOf(update: PublishedUpdate, account: UpdateAccount, rules: Rules): Standing {
  const { receipt, deadLetter } = account;
  const own = receipt?.fingerprint === update.fingerprint;
  if (own && receipt.outcome !== "rejected") return receipt.outcome;
  if (deadLetter !== undefined) return deadLetter === "key_reused" ? "key_reused" : "rejected";
  if (own) return "discarded";
  const { now, pendingMs, receiptMs, deadLetterMs } = rules;
  // The dead letter of a reused key is all that is left of its update.
  const kept = receipt === undefined ? receiptMs : Math.min(receiptMs, deadLetterMs);
  if (now - update.lastAt < pendingMs) return "pending";
  if (now - update.lastAt >= kept) return "forgotten";
  const { confirmedAt } = update;
  if (confirmedAt === undefined || now - confirmedAt >= kept) return "unconfirmed";
  return receipt === undefined ? "stuck" : "unaccounted";
}

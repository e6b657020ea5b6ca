import type { Rejection } from "../messages/rejection.ts";
import type { Decoded } from "../messages/update.ts";
import type { Settlement } from "./outcome.ts";
import type { LedgerEntry } from "./receipts.ts";
import type { Pending } from "./rounds.ts";

/** What the receipts and the decoder say of an update before any row is looked at. */
export type Judgement =
  | { readonly pending: Pending; readonly settlement?: undefined; readonly receipt: true }
  | { readonly pending?: undefined; readonly settlement: Settlement; readonly receipt: boolean };

/**
 * An update goes on to the rows unless it was settled before, its key is taken by another update, or it was rejected while it
 * was decoded. `receipt` says whether its outcome is to be written as the key's receipt: a final receipt stands.
 */
export function judge(decoded: Decoded, entry: LedgerEntry | undefined): Judgement {
  const { rejection } = decoded;
  const final = entry !== undefined && entry.outcome !== "rejected";
  if (final && entry.fingerprint === decoded.fingerprint) {
    return { settlement: { outcome: "duplicate" }, receipt: false };
  }
  if (rejection !== undefined && (!final || rejection.code === "undeliverable")) {
    return { settlement: { outcome: "rejected", rejection }, receipt: !final };
  }
  if (final) return { settlement: { outcome: "rejected", rejection: keyReused(decoded) }, receipt: false };
  if (decoded.update === undefined) throw new Error("decoding gave neither an update nor a rejection");
  return { pending: { decoded, update: decoded.update, settlement: undefined }, receipt: true };
}

function keyReused({ key }: Decoded): Rejection {
  const message = `idempotency key ${key} has settled another update already: give this one a key of its own`;
  return { code: "key_reused", message, rule: "idempotency_key" };
}

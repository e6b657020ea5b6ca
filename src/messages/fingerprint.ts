import { hash } from "node:crypto";
import { canonicalJson } from "../tables/canonical-json.ts";
import type { JsonValue } from "./json-value.ts";
import { isJsonObject } from "./json-value.ts";
import type { Fingerprint } from "./update.ts";

/**
 * The fingerprint of an update: SHA-256 of the canonical JSON (RFC 8785, numbers exact) of `{"changes":[…]}`. A change
 * that stands alone has that of a list with it only. It depends on what the publisher wrote, never on table definitions;
 * an object that is no update counts as a lone change, every other value stands for itself.
 */
export function fingerprintOf(update: JsonValue): Fingerprint {
  const alone = isJsonObject(update) && !Object.hasOwn(update, "changes");
  return sha256(canonicalJson(alone ? { changes: [update] } : update));
}

/** The fingerprint of data that is no JSON which canonical JSON could write: SHA-256 of the bytes. */
export function fingerprintOfBytes(data: Buffer): Fingerprint {
  return sha256(data);
}

function sha256(data: string | Buffer): Fingerprint {
  return hash("sha256", data, "hex") as Fingerprint;
}

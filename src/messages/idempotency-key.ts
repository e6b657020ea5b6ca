import type { Fingerprint, IdempotencyKey } from "./update.ts";
import { uuidV7 } from "./uuid-v7.ts";

/** The attribute by which a publisher names an update. */
export const IDEMPOTENCY_KEY_ATTRIBUTE = "idempotency-key";

/**
 * 1 to 255 printable ASCII characters (0x20 to 0x7E), not beginning or ending with a space: MySQL and MariaDB compare
 * some texts without their trailing spaces, and a space at an end is nearly always a mistake.
 */
const KEY = /^[!-~](?:[ -~]{0,253}[!-~])?$/;

/** `text` as an idempotency key; undefined when it is none. The key is the text, with nothing trimmed or folded. */
export function idempotencyKey(text: string): IdempotencyKey | undefined {
  return KEY.test(text) ? (text as IdempotencyKey) : undefined;
}

/** A time-ordered key (UUIDv7) that nobody else has; later ones of this process sort after earlier ones. */
export function newIdempotencyKey(): IdempotencyKey {
  return uuidV7() as IdempotencyKey;
}

/** The key of an update that is named by nothing but its content: `sha256:` and its fingerprint. */
export function contentKey(fingerprint: Fingerprint): IdempotencyKey {
  return `sha256:${fingerprint}` as IdempotencyKey;
}

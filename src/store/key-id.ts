import { hash } from "node:crypto";

/** An RFC 9562 UUID in its canonical lower case. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The 16 bytes, in lower-case hex, by which a receipt's key is indexed: a UUID's own bytes, so that UUIDv7 keys append; of any
 * other key 126 bits of its SHA-256, marked with the variant bits 11, which no RFC 9562 UUID of version 1 to 8 has. So
 * nobody can choose a UUID that meets another's key.
 */
export function keyId(key: string): string {
  if (key.length === 36 && UUID.test(key))
    return key.slice(0, 8) + key.slice(9, 13) + key.slice(14, 18) + key.slice(19, 23) + key.slice(24);
  const digest = hash("sha256", key, "hex");
  const marked = (Number.parseInt(digest.charAt(16), 16) | 0b1100).toString(16);
  return digest.slice(0, 16) + marked + digest.slice(17, 32);
}

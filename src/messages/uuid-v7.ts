import { randomFillSync } from "node:crypto";

/** Random bytes are drawn for this many identifiers at a time. */
const POOLED = 128;
const BYTES = 10;

const pool = Buffer.alloc(POOLED * BYTES);
let used = POOLED;
let time = 0;
let counter = 0;

/**
 * A UUID version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits, in lower case. Within this
 * process each one sorts after the one before it, as text and as bytes: `rand_a` is a counter that starts anew at a
 * random place below 2,048 each millisecond (section 6.2, method 1). More than it can count in a millisecond, and a
 * clock that steps back, let the time run ahead.
 */
export function uuidV7(now: number = Date.now()): string {
  if (used === POOLED) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used * BYTES;
  used += 1;
  if (now > time) {
    time = now;
    counter = pool.readUInt16BE(at) & 0x7ff;
  } else if (counter === 0xfff) {
    time += 1;
    counter = pool.readUInt16BE(at) & 0x7ff;
  } else {
    counter += 1;
  }
  const stamp = time.toString(16).padStart(12, "0");
  const count = counter.toString(16).padStart(3, "0");
  const variant = ((pool.readUInt16BE(at + 2) & 0x3fff) | 0x8000).toString(16);
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${count}-${variant}-${pool.toString("hex", at + 4, at + BYTES)}`;
}

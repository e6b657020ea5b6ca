import type { Fingerprint } from "../messages/update.ts";

const WORDS = 3;
const FIRST_SLOTS = 1 << 12;

/**
 * Counts how often each fingerprint has come, in little memory: 64 bits of it and a count, 12 bytes in a table that is
 * between a quarter and a half full. Two fingerprints that share these 64 bits would be counted as one; among a million
 * that happens once in 37 million times, and then gives a record the key of a second occurrence, no more.
 */
export class Occurrences {
  #slots = FIRST_SLOTS;
  #table = new Uint32Array(FIRST_SLOTS * WORDS);
  #used = 0;

  /** How often `fingerprint` has come, this time included: 1 when it is new. */
  count(fingerprint: Fingerprint): number {
    const high = Number.parseInt(fingerprint.slice(0, 8), 16);
    const low = Number.parseInt(fingerprint.slice(8, 16), 16);
    const at = this.#find(high, low);
    const count = (this.#table[at + 2] ?? 0) + 1;
    this.#table[at] = high;
    this.#table[at + 1] = low;
    this.#table[at + 2] = count;
    if (count === 1) {
      this.#used += 1;
      if (this.#used * 2 > this.#slots) {
        this.#grow();
      }
    }
    return count;
  }

  clear(): void {
    this.#table.fill(0);
    this.#used = 0;
  }

  /** Where the pair stands, or the free slot where it belongs (open addressing, linear probing). */
  #find(high: number, low: number): number {
    const table = this.#table;
    let slot = high & (this.#slots - 1);
    for (;;) {
      const at = slot * WORDS;
      if (table[at + 2] === 0 || (table[at] === high && table[at + 1] === low)) {
        return at;
      }
      slot = (slot + 1) & (this.#slots - 1);
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#slots *= 2;
    this.#table = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const count = old[at + 2] ?? 0;
      if (count > 0) {
        const to = this.#find(old[at] ?? 0, old[at + 1] ?? 0);
        this.#table.set(old.subarray(at, at + WORDS), to);
      }
    }
  }
}

/** Numbers from 0 to below 1, the same ones for the same seed. */
export type Random = () => number;

/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), its state filled by
 * SplitMix (Steele, Lea and Flood, 2014, in its 32-bit form). `stream` gives further independent sequences of a seed: one
 * for each kind of decision, so that one kind does not depend on how often another was made.
 */
export function xoshiro128(seed: number, stream = 0): Random {
  const fill = splitMix32((seed ^ Math.imul(stream + 1, 0x9e3779b1)) >>> 0);
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result / 2 ** 32;
  };
}

function splitMix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** A copy in which each item stands at most about `window` places from where it was. */
export function shuffled<T>(items: readonly T[], random: Random, window: number): T[] {
  const placed = items.map((item, i) => ({ item, at: i + random() * window }));
  return placed.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

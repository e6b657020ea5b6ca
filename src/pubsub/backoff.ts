/**
 * Milliseconds to wait before try number `attempt`, from 0: doubled each time from `minMs` up to `maxMs`, of which a random
 * half stays, so that many workers do not come back at the same moment (AWS Architecture Blog, "Exponential Backoff And
 * Jitter": equal jitter).
 */
export function jitteredDelay(attempt: number, minMs: number, maxMs: number, random = Math.random): number {
  const full = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return full / 2 + random() * (full / 2);
}

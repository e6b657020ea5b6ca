import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks `look` again and again until it gives something other than undefined, false or an error, and resolves with that.
 * The one way by which tests wait for what they can't be told of. Rejects after `timeoutMs` (default 10 s) with `what`
 * and what was seen last.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { timeoutMs = 10_000, seen }: { timeoutMs?: number; seen?: () => unknown } = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await look();
      if (value !== undefined && value !== false) {
        return value as Exclude<T, undefined | false>;
      }
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const state = seen === undefined ? last : seen();
      throw new Error(`not within ${timeoutMs} ms: ${what}; last seen: ${show(state)}`, { cause: last });
    }
    await delay(10);
  }
}

function show(value: unknown): string {
  return value instanceof Error ? value.message : JSON.stringify(value);
}

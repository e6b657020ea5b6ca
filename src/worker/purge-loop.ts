import { setTimeout as sleep } from "node:timers/promises";
import { type Purged, purge } from "../store/purge.ts";
import type { Store } from "../store/store.ts";

export interface PurgeLoopOptions {
  readonly receiptHours: number;
  readonly deadLetterHours: number;
  readonly purgeIntervalSeconds: number;
  /** Ends the loop, also in the middle of a purge. */
  readonly signal: AbortSignal;
  readonly purged: (purged: NonNullable<Purged>) => void;
  readonly failed: (error: unknown) => void;
}

/** Purges again and again, at jittered intervals so that workers do not ask for the election all at once. Never rejects. */
export async function purgeLoop(store: Store, options: PurgeLoopOptions): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    const pauseMs = options.purgeIntervalSeconds * 1000 * (0.5 + Math.random());
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      const purged = await purge(store, options);
      if (purged !== undefined) options.purged(purged);
    } catch (error) {
      options.failed(error);
    }
  }
}

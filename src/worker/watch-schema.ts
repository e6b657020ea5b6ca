import { setTimeout as sleep } from "node:timers/promises";
import { NewerSchema, refuseNewerSchema } from "../store/newer-schema.ts";
import type { Store } from "../store/store.ts";
import type { Gate } from "./gate.ts";
import { databaseReason } from "./probe.ts";

/** Between two looks; jittered by half. A batch that such a migration makes impossible is noticed at once, without this. */
const PAUSE_MS = 5_000;

/**
 * Closes the gate when a newer version has begun a migration that this version cannot live with, also when no update has met
 * it yet. Looks until `signal` is aborted. Never rejects: a database that does not answer is for the batches to notice.
 */
export async function watchSchema(store: Store, gate: Gate, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(PAUSE_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await refuseNewerSchema(store).catch((error: unknown) => {
      if (error instanceof NewerSchema) gate.close(databaseReason(error));
    });
  }
}

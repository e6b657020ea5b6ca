import type { Purged } from "../store/purge.ts";
import type { Reason } from "./gate.ts";
import type { Committed } from "./lanes.ts";

/** What a worker tells of its work, for metrics and logs. Nothing here may throw. */
export interface WorkerObserver {
  committed(committed: Committed): void;
  retried(trouble: "transient" | "environment", error: unknown): void;
  /** Deliveries given back to the broker unsettled. */
  givenBack(count: number): void;
  /** A rejected update could not be published to the dead-letter topic; it comes again. */
  unpublished(error: unknown): void;
  /** Why the worker does not take batches now; undefined: it does. Told once for each change. */
  paused(reason: Reason | undefined): void;
  /** An intake is open, or why not. */
  intake(name: IntakeName, reason: string | undefined): void;
  purged(purged: NonNullable<Purged>): void;
  purgeFailed(error: unknown): void;
}

/** `updates`: the subscription; `backstop`: that of the subscription's own dead-letter topic. */
export type IntakeName = "updates" | "backstop";

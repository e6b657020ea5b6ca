import { applyBatch } from "../apply/batch.ts";
import type { Settlement } from "../apply/outcome.ts";
import type { Store } from "../store/store.ts";
import { databaseError } from "../store/trouble.ts";
import type { Gate } from "./gate.ts";
import { giveBack } from "./settle.ts";
import type { Held, Waiting } from "./waiting.ts";

/** What a lane tells of its batches. */
export interface LaneEvents {
  /** Committed: settle them. `seconds` is the transaction's time, its tries included. */
  committed(batch: readonly Held[], settlements: readonly Settlement[], seconds: number): void;
  /** Not committed; the batch is tried again. */
  retried(trouble: "transient" | "environment", error: unknown): void;
  /** Given back to the broker, for the worker stops. */
  givenBack(batch: readonly Held[]): void;
}

export interface LaneOptions {
  /** Batch transactions at once. */
  readonly lanes: number;
  /** Updates in a batch at the most. */
  readonly batchSize: number;
}

/** Message data in one batch at the most, unless a single message is larger: it bounds what one transaction holds in memory. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** The pause before the second try of a batch; it doubles with each, up to the longest. Jittered. */
const FIRST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 2_000;

/**
 * The lanes: each takes what waits, applies it as one batch, and takes again. There is no timer: a batch forms while the one
 * before it commits.
 *
 * idle → busy: something waits that no other lane's rows hold back. busy → idle: nothing does.
 * `stop` lets busy lanes finish the batch in hand, but no batch waits for a retry any more: it is given back.
 */
export class Lanes {
  readonly #store: Store;
  readonly #waiting: Waiting;
  readonly #gate: Gate;
  readonly #events: LaneEvents;
  readonly #options: LaneOptions;
  readonly #busy = new Set<Promise<void>>();
  #wakeUp: NodeJS.Immediate | undefined;
  #stopping = false;

  constructor(store: Store, waiting: Waiting, gate: Gate, events: LaneEvents, options: LaneOptions) {
    this.#store = store;
    this.#waiting = waiting;
    this.#gate = gate;
    this.#events = events;
    this.#options = options;
  }

  get busy(): number {
    return this.#busy.size;
  }

  /** Something waits. Lanes start when the current burst of deliveries has been queued. */
  wake(): void {
    if (this.#busy.size >= this.#options.lanes) return;
    this.#wakeUp ??= setImmediate(() => {
      this.#wakeUp = undefined;
      this.#start();
    });
  }

  /** Resolves when no batch is in hand any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearImmediate(this.#wakeUp);
    await Promise.all(this.#busy);
  }

  #start(): void {
    while (!this.#stopping && this.#busy.size < this.#options.lanes) {
      const batch = this.#waiting.take(this.#options.batchSize, BATCH_BYTES);
      if (batch.length === 0) return;
      const lane = this.#run(batch).finally(() => this.#busy.delete(lane));
      this.#busy.add(lane);
    }
  }

  async #run(first: Held[]): Promise<void> {
    for (let batch = first; batch.length > 0; ) {
      await this.#apply(batch);
      this.#waiting.release(batch);
      if (this.#stopping) return;
      batch = this.#waiting.take(this.#options.batchSize, BATCH_BYTES);
      // The rows just released may be what other lanes could not take.
      if (this.#waiting.messages > 0) this.wake();
    }
  }

  /** Until it is committed, or given back because the worker stops. */
  async #apply(batch: readonly Held[]): Promise<void> {
    const started = performance.now();
    const decoded = batch.map((held) => held.decoded);
    for (let attempt = 1; await this.#gate.pass(); ) {
      const result = await applyBatch(this.#store, decoded, attempt);
      if (result.committed) {
        this.#gate.succeeded();
        this.#events.committed(batch, result.settlements, (performance.now() - started) / 1000);
        return;
      }
      this.#events.retried(result.trouble, result.error);
      if (result.trouble === "environment") {
        this.#gate.close({ code: "database", message: databaseError(result.error).message });
        continue;
      }
      attempt += 1;
      await this.#gate.pause(Math.min(FIRST_RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS));
    }
    for (const held of batch) giveBack(held);
    this.#events.givenBack(batch);
  }
}

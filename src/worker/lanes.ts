import { applyBatch, type BatchTimes } from "../apply/batch.ts";
import type { Settlement } from "../apply/outcome.ts";
import type { Store } from "../store/store.ts";
import type { Gate } from "./gate.ts";
import { databaseReason } from "./probe.ts";
import { giveBack } from "./settle.ts";
import type { Held, Waiting } from "./waiting.ts";

/** A batch that is committed. */
export interface Committed {
  readonly batch: readonly Held[];
  /** One for each of the batch, in its order. */
  readonly settlements: readonly Settlement[];
  /** When the lane took it, `performance.now()`. */
  readonly taken: number;
  readonly times: BatchTimes;
  /** Why the last of the earlier tries failed, and when. */
  readonly failures: readonly BatchFailure[];
}

export interface BatchFailure {
  readonly at: number;
  readonly error: unknown;
}

/** What a lane tells of its batches. */
export interface LaneEvents {
  /** Settle them. */
  committed(committed: Committed): void;
  /** Not committed; the batch is tried again. */
  retried(trouble: "transient" | "environment", error: unknown): void;
  /** Given back to the broker, for the worker stops. */
  givenBack(batch: readonly Held[]): void;
}

/** A batch that takes longer waits for something: a lock that others hold, a database that is slow or away. */
const LATE_MS = 250;

/** The pause before the second try of a batch; it doubles with each, up to the longest. Jittered. */
const FIRST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 2_000;
/** An outage may last for days. */
const MOST_FAILURES = 20;

/**
 * The lanes: each takes what waits, applies it as one batch, and takes again. No timer fills a batch: it forms while the one
 * before it commits.
 *
 * idle → busy: something waits that no other lane's rows hold back, and it is not little beside what they hold back, or one of
 * them is late. busy → idle: nothing does.
 * `stop` lets busy lanes finish the batch in hand, but no batch waits for a retry any more: it is given back.
 */
export class Lanes {
  readonly #store: Store;
  readonly #waiting: Waiting;
  readonly #gate: Gate;
  readonly #events: LaneEvents;
  /** Batch transactions at once. */
  readonly #lanes: number;
  readonly #busy = new Set<Promise<void>>();
  /** So many of the batches in hand are late. */
  #late = 0;
  #wakeUp: NodeJS.Immediate | undefined;
  #stopping = false;

  constructor(store: Store, waiting: Waiting, gate: Gate, events: LaneEvents, lanes: number) {
    this.#store = store;
    this.#waiting = waiting;
    this.#gate = gate;
    this.#events = events;
    this.#lanes = lanes;
  }

  get busy(): number {
    return this.#busy.size;
  }

  /** Something waits. Lanes start when the current burst of deliveries has been queued. */
  wake(): void {
    if (this.#busy.size >= this.#lanes) return;
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
    while (!this.#stopping && this.#busy.size < this.#lanes) {
      const batch = this.#waiting.take(this.#late > 0);
      if (batch.length === 0) return;
      const lane = this.#run(batch).finally(() => this.#busy.delete(lane));
      this.#busy.add(lane);
    }
  }

  async #run(first: Held[]): Promise<void> {
    for (let batch = first; batch.length > 0; ) {
      await this.#watched(this.#apply(batch));
      this.#waiting.release(batch);
      if (this.#stopping) return;
      batch = this.#waiting.take(this.#late > 0);
      // The rows just released may be what other lanes could not take.
      if (this.#waiting.messages > 0) this.wake();
    }
  }

  /** What is late holds nothing up that it need not. */
  async #watched(work: Promise<void>): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#late += 1;
      this.wake();
    }, LATE_MS);
    await work;
    clearTimeout(timer);
    if (late) this.#late -= 1;
  }

  /** Until it is committed, or given back because the worker stops. */
  async #apply(batch: readonly Held[]): Promise<void> {
    const taken = performance.now();
    const failures: BatchFailure[] = [];
    const decoded = batch.map((held) => held.decoded);
    for (let attempt = 1; await this.#gate.pass(); ) {
      const result = await applyBatch(this.#store, decoded, attempt);
      if (result.committed) {
        this.#gate.succeeded();
        const { settlements, times } = result;
        this.#events.committed({ batch, settlements, taken, times, failures });
        return;
      }
      failures.push({ at: performance.now(), error: result.error });
      if (failures.length > MOST_FAILURES) failures.shift();
      this.#events.retried(result.trouble, result.error);
      if (result.trouble === "environment") {
        this.#gate.close(databaseReason(result.error));
        continue;
      }
      attempt += 1;
      await this.#gate.pause(Math.min(FIRST_RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS));
    }
    for (const held of batch) giveBack(held);
    this.#events.givenBack(batch);
  }
}

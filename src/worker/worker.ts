import type { Decode } from "../messages/decode.ts";
import type { Delivery, Intake, Publisher } from "../pubsub/port.ts";
import type { Store } from "../store/store.ts";
import { Gate, type Reason } from "./gate.ts";
import { Lanes } from "./lanes.ts";
import type { IntakeName, WorkerObserver } from "./observer.ts";
import { databaseReason, probe } from "./probe.ts";
import { purgeLoop } from "./purge-loop.ts";
import { settle } from "./settle.ts";
import { Waiting } from "./waiting.ts";
import { watchSchema } from "./watch-schema.ts";

/** What a worker is made of; the clients of the world outside are handed in. */
export interface WorkerParts {
  readonly decode: Decode;
  /** Connects; throws the driver's error. Called again, with pauses, until it succeeds. */
  readonly openStore: () => Promise<Store>;
  /** What forbids to start, beside the database: the live subscription's retention against the receipts', say. */
  readonly check: () => Promise<Reason | undefined>;
  readonly intakes: ReadonlyMap<IntakeName, Intake>;
  /** Where rejected updates are also published. */
  readonly deadLetters: Publisher | undefined;
  readonly observer: WorkerObserver;
  readonly lanes: number;
  readonly batchSize: number;
  readonly graceSeconds: number;
  readonly retention: { readonly receiptHours: number; readonly deadLetterHours: number };
  readonly purgeIntervalSeconds: number;
}

/** How a worker is, for probes and metrics. */
export interface WorkerHealth {
  readonly ready: boolean;
  readonly reasons: readonly Reason[];
}

/** Message data in one batch at the most, unless a single message is larger: it bounds what one transaction holds in memory. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** Kept back from the grace period for confirming acks and closing. */
const CLOSING_SECONDS = 2;

/**
 * The worker: pulls, applies, settles.
 *
 * starting → running: the database answers, no migration is pending and none of a newer version is breaking, the checks pass;
 * each is tried again until then, with the reason told. running ⇄ paused: see `Gate`. Any → stopping by `stop`: no more
 * pulling, the batches in hand are finished, the rest is given back, acks are confirmed, everything is closed.
 */
export class Worker implements AsyncDisposable {
  readonly #parts: WorkerParts;
  readonly #waiting: Waiting;
  readonly #lost = new Map<IntakeName, Reason>();
  readonly #stopping = new AbortController();
  readonly #gate: Gate;
  #starting: Reason | undefined = { code: "starting", message: "the worker is starting" };
  #store: Store | undefined;
  #lanes: Lanes | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#waiting = new Waiting(parts.decode, { messages: parts.batchSize, bytes: BATCH_BYTES });
    this.#gate = new Gate(
      async () => (this.#store === undefined ? undefined : probe(this.#store)),
      (reason) => parts.observer.paused(reason),
    );
  }

  get health(): WorkerHealth {
    const reasons = [this.#starting, this.#gate.reason, this.#lost.get("updates")].filter(
      (r) => r !== undefined,
    );
    if (this.#stopping.signal.aborted) reasons.push({ code: "stopping", message: "the worker is stopping" });
    return { ready: reasons.length === 0, reasons };
  }

  get queue(): { readonly messages: number; readonly bytes: number; readonly lanesBusy: number } {
    const { messages, bytes } = this.#waiting;
    return { messages, bytes, lanesBusy: this.#lanes?.busy ?? 0 };
  }

  /** Begins; returns at once. */
  start(): void {
    this.#running = this.#run();
  }

  /** Stops within the grace period. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const { observer, intakes, retention, purgeIntervalSeconds } = this.#parts;
    const store = await this.#startUp();
    if (store === undefined) return;
    this.#lanes = this.#openLanes(store);
    for (const [name, intake] of intakes) {
      intake.start({
        delivery: (delivery) => this.#receive(delivery),
        opened: () => this.#intakeIs(name, undefined),
        lost: (reason) => this.#intakeIs(name, reason),
      });
    }
    const { signal } = this.#stopping;
    const purging = purgeLoop(store, {
      ...retention,
      purgeIntervalSeconds,
      signal,
      purged: (purged) => observer.purged(purged),
      failed: (error) => observer.purgeFailed(error),
    });
    await Promise.all([purging, watchSchema(store, this.#gate, signal)]);
  }

  /** Until nothing forbids to start; undefined when stopped before. */
  async #startUp(): Promise<Store | undefined> {
    for (let pauseMs = 250; !this.#stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      const reason = await this.#obstacle();
      const changed = reason?.message !== this.#starting?.message;
      this.#starting = reason;
      if (changed) this.#parts.observer.paused(reason);
      if (reason === undefined) return this.#store;
      await this.#gate.pause(pauseMs);
    }
    return undefined;
  }

  async #obstacle(): Promise<Reason | undefined> {
    try {
      this.#store ??= await this.#parts.openStore();
    } catch (error) {
      return databaseReason(error);
    }
    return (await probe(this.#store)) ?? (await this.#parts.check());
  }

  #openLanes(store: Store): Lanes {
    const { observer, lanes, deadLetters } = this.#parts;
    const options = { deadLetters, unpublished: (error: unknown) => observer.unpublished(error) };
    return new Lanes(
      store,
      this.#waiting,
      this.#gate,
      {
        committed: (committed) => {
          for (const [i, settlement] of committed.settlements.entries()) {
            const held = committed.batch[i];
            if (held !== undefined) settle(held, settlement, options);
          }
          observer.committed(committed);
        },
        retried: (trouble, error) => observer.retried(trouble, error),
        givenBack: (batch) => observer.givenBack(batch.length),
      },
      lanes,
    );
  }

  #receive(delivery: Delivery): void {
    if (this.#stopping.signal.aborted) {
      delivery.nack();
      return;
    }
    this.#waiting.add(delivery);
    this.#lanes?.wake();
  }

  #intakeIs(name: IntakeName, reason: string | undefined): void {
    if (reason === undefined) this.#lost.delete(name);
    else this.#lost.set(name, { code: "subscription", message: reason });
    this.#parts.observer.intake(name, reason);
  }

  async #stop(): Promise<void> {
    const { intakes, graceSeconds, deadLetters, observer } = this.#parts;
    const deadline = performance.now() + Math.max(graceSeconds - CLOSING_SECONDS, graceSeconds / 2) * 1000;
    this.#stopping.abort();
    this.#gate.stop();
    const quiet = Promise.all([...intakes.values()].map((intake) => intake.stop()));
    const rest = this.#waiting.drain();
    await within(deadline, Promise.all([quiet, this.#lanes?.stop()]));
    for (const delivery of rest) delivery.nack();
    if (rest.length > 0) observer.givenBack(rest.length);
    const left = Math.max(deadline - performance.now(), 500);
    await Promise.all([...intakes.values()].map((intake) => intake.close(left)));
    await within(deadline, this.#running);
    await deadLetters?.close();
    await this.#store?.close();
  }
}

/** Waits for the work, but not beyond the deadline (of `performance.now()`). */
async function within(deadline: number, work: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, Math.max(deadline - performance.now(), 0));
  await Promise.race([work, timer.promise]);
  clearTimeout(timeout);
}

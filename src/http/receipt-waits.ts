import type { Fingerprint, IdempotencyKey } from "../messages/update.ts";
import type { Rejection } from "../messages/rejection.ts";
import { readReceipts, readRejections, type ReceiptRecord } from "../store/receipt-read.ts";
import type { Database } from "./parts.ts";

/** An update whose receipt is waited for. */
export interface Awaited {
  readonly key: IdempotencyKey;
  readonly fingerprint: Fingerprint;
  /** `performance.now()` before it was published: an older rejection of the same update is not its own. */
  readonly since: number;
  readonly messageId: string;
}

/** What became of an update: its receipt and, when it was rejected, why; or that its key belongs to another one. */
export interface Verdict {
  readonly receipt: ReceiptRecord;
  readonly rejection?: Rejection | undefined;
  readonly keyReused: boolean;
}

interface Waiter extends Awaited {
  readonly resolve: (verdict: Verdict | undefined) => void;
}

/** Time between two looks while somebody has just begun to wait; it grows to the longest as waiting gets long. */
const SHORTEST_TICK_MS = 10;
const LONGEST_TICK_MS = 250;

/**
 * Those who wait for receipts. One query a tick looks up the keys of all of them, however many they are; no query is made
 * while nobody waits. While the database is away they wait on, until their time is over. Who begins to wait shortens a long tick.
 *
 * idle → looking: somebody begins to wait. looking → idle: nobody does.
 */
export class ReceiptWaits {
  readonly #database: Database;
  readonly #waiters = new Set<Waiter>();
  readonly #closing = new AbortController();
  #looking: Promise<void> | undefined;
  #lookups = 0;
  #pause: { readonly until: number; readonly shorten: () => void } | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /** How often the receipts of all who wait were looked up. */
  get lookups(): number {
    return this.#lookups;
  }

  /** Waits for the verdict; undefined when there is none after `ms`, when `signal` is aborted, or when this is closed. */
  async wait(awaited: Awaited, ms: number, signal?: AbortSignal): Promise<Verdict | undefined> {
    if (this.#closing.signal.aborted || signal?.aborted === true) return undefined;
    const { promise, resolve } = Promise.withResolvers<Verdict | undefined>();
    const waiter: Waiter = { ...awaited, resolve };
    const giveUp = () => resolve(undefined);
    const timer = setTimeout(giveUp, ms);
    signal?.addEventListener("abort", giveUp);
    this.#waiters.add(waiter);
    this.#looking ??= this.#look();
    if ((this.#pause?.until ?? 0) > performance.now() + SHORTEST_TICK_MS) this.#pause?.shorten();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      this.#waiters.delete(waiter);
    }
  }

  /** Nobody waits any more: all are told that there is no verdict. Twice does no harm. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#pause?.shorten();
    for (const { resolve } of this.#waiters) resolve(undefined);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#waiters.size > 0 && !signal.aborted) {
      const began = performance.now();
      // What the database refuses is told to those who ask for a receipt; here it only means that there is no news.
      const answered = await this.#settle([...this.#waiters]).then(
        () => true,
        () => false,
      );
      const tick = answered ? this.#tick() : LONGEST_TICK_MS;
      await this.#rest(began + tick);
    }
    this.#looking = undefined;
  }

  /** Until then (`performance.now()`), or sooner when the pause is shortened. */
  async #rest(until: number): Promise<void> {
    const left = until - performance.now();
    if (left <= 0 || this.#closing.signal.aborted || this.#waiters.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    let timer = setTimeout(resolve, left);
    const shorten = () => {
      clearTimeout(timer);
      this.#pause = undefined;
      if (this.#closing.signal.aborted) resolve();
      else timer = setTimeout(resolve, SHORTEST_TICK_MS);
    };
    this.#pause = { until, shorten };
    await promise;
    this.#pause = undefined;
  }

  #tick(): number {
    let youngest = 0;
    for (const { since } of this.#waiters) youngest = Math.max(youngest, since);
    const age = performance.now() - youngest;
    return Math.min(Math.max(age / 20, SHORTEST_TICK_MS), LONGEST_TICK_MS);
  }

  async #settle(waiters: readonly Waiter[]): Promise<void> {
    const store = await this.#database.store();
    const asked = performance.now();
    this.#lookups += 1;
    const { receipts, now } = await readReceipts(store, new Set(waiters.map(({ key }) => key)));
    const decided: {
      readonly waiter: Waiter;
      readonly receipt: ReceiptRecord;
      readonly keyReused: boolean;
    }[] = [];
    for (const waiter of waiters) {
      const receipt = receipts.get(waiter.key);
      if (receipt === undefined) continue;
      const same = receipt.fingerprint === waiter.fingerprint;
      const final = receipt.outcome !== "rejected";
      if (final || (same && isOwn(receipt, waiter, now - (asked - waiter.since))))
        decided.push({ waiter, receipt, keyReused: !same });
    }
    const rejected = decided.filter(({ receipt }) => receipt.outcome === "rejected");
    const rejections = await readRejections(
      store,
      rejected.map(({ receipt }) => receipt),
    );
    for (const { waiter, receipt, keyReused } of decided) {
      waiter.resolve({
        receipt,
        keyReused,
        rejection: rejections.get(receipt.idempotencyKey) as Rejection | undefined,
      });
    }
  }
}

/** A rejection counts when it is that of the very message, or came after the waiting began by the database's own clock. */
function isOwn(receipt: ReceiptRecord, { messageId }: Waiter, sinceMs: number): boolean {
  return receipt.messageId === messageId || Date.parse(receipt.appliedAt) >= sinceMs;
}

import { setTimeout as delay } from "node:timers/promises";
import { countOpenDeadLetters } from "../store/dead-letter-open.ts";
import {
  countReceipts,
  lastReceiptId,
  type OutcomeCounts,
  type RangeCounts,
  type RecentReceipt,
  recentReceipts,
} from "../store/receipt-recent.ts";
import type { Store } from "../store/store.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";

/** What is going on, as it was seen at one moment. */
export interface Sample {
  /** RFC 3339. */
  readonly at: string;
  /** Seconds since the sample before; 0 for the first. */
  readonly seconds: number;
  /** Updates that were sent and that the broker has not confirmed. */
  readonly publishing: number;
  /** Requests that wait for a receipt. */
  readonly waiting: number;
  /** What the database says; null when it says nothing, and `trouble` says why. */
  readonly database: {
    /** Receipts written since the sample before. */
    readonly settled: OutcomeCounts;
    /** At most {@link MOST_OPEN}, which stands for "or more". */
    readonly deadLettersOpen: number;
    /** The newest, the newest first. */
    readonly receipts: readonly RecentReceipt[];
  } | null;
  readonly trouble?: string;
}

export const MOST_OPEN = 10_000;

const INTERVAL_MS = 1_000;
const RECEIPTS = 20;
/** Ids are given before commits: a receipt that commits later than a higher one is still counted for so many samples. */
const RANGES = 4;
/** Counting dead letters may take a twentieth of the time. */
const OPEN_SHARE = 20;

/**
 * Looks once a second for all who listen, and not at all while nobody does.
 *
 * idle → looking: somebody begins to listen. looking → idle: nobody does.
 */
export class LiveCounters {
  readonly #parts: Pick<SidecarParts, "database" | "outbox" | "waits">;
  readonly #listeners = new Set<(sample: Sample) => void>();
  readonly #closing = new AbortController();
  #looking = false;
  #ranges: readonly RangeCounts[] = [];
  #open = { count: 0, until: 0 };

  constructor(parts: Pick<SidecarParts, "database" | "outbox" | "waits">) {
    this.#parts = parts;
  }

  /** Calls `listener` with each sample, until the returned function is called. */
  listen(listener: (sample: Sample) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#looking && !this.#closing.signal.aborted) void this.#look();
    return () => this.#listeners.delete(listener);
  }

  /** No sample comes any more. Does not wait for a database that is slow to answer. Twice does no harm. */
  close(): void {
    this.#closing.abort();
    this.#listeners.clear();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    const { signal } = this.#closing;
    this.#ranges = [];
    let before: number | undefined;
    while (this.#listeners.size > 0 && !signal.aborted) {
      const now = performance.now();
      const sample = await this.#sample(before === undefined ? 0 : (now - before) / 1000);
      before = now;
      for (const listener of this.#listeners) listener(sample);
      const pause = Math.max(0, INTERVAL_MS - (performance.now() - now));
      await delay(pause, undefined, { signal }).catch(() => {});
    }
    this.#looking = false;
  }

  async #sample(seconds: number): Promise<Sample> {
    const { database, outbox, waits } = this.#parts;
    const seen = await this.#ask(database).catch((error: unknown) => ({ trouble: sentenceOf(error) }));
    const own = { at: new Date().toISOString(), seconds, publishing: outbox.messages, waiting: waits.size };
    return "trouble" in seen ? { ...own, database: null, ...seen } : { ...own, database: seen };
  }

  async #ask(database: SidecarParts["database"]): Promise<NonNullable<Sample["database"]>> {
    const store = await database.store();
    const settled = await this.#settled(store);
    const receipts = await recentReceipts(store, RECEIPTS);
    return { settled, receipts, deadLettersOpen: await this.#openLetters(store) };
  }

  /** New receipts: those of the last few ranges of ids, less what was counted of them before. */
  async #settled(store: Store): Promise<OutcomeCounts> {
    const last = await lastReceiptId(store);
    const kept = this.#ranges.slice(1 - RANGES);
    if (kept.length === 0) {
      this.#ranges = [{ after: last, counts: sum([]) }];
      return sum([]);
    }
    const before = sum(kept);
    this.#ranges = await countReceipts(store, [...kept.map(({ after }) => after), last]);
    const now = sum(this.#ranges);
    // A rejected receipt that a replay has replaced is gone from where it was.
    const grown = (outcome: keyof OutcomeCounts) => Math.max(0, now[outcome] - before[outcome]);
    return {
      applied: grown("applied"),
      unchanged: grown("unchanged"),
      stale: grown("stale"),
      rejected: grown("rejected"),
    };
  }

  async #openLetters(store: Store): Promise<number> {
    const began = performance.now();
    if (began < this.#open.until) return this.#open.count;
    const count = await countOpenDeadLetters(store, MOST_OPEN);
    const ended = performance.now();
    this.#open = { count, until: ended + (ended - began) * OPEN_SHARE };
    return count;
  }
}

function sum(ranges: readonly RangeCounts[]): OutcomeCounts {
  const total = { applied: 0, unchanged: 0, stale: 0, rejected: 0 };
  for (const { counts } of ranges) {
    for (const outcome of Object.keys(total) as (keyof OutcomeCounts)[]) total[outcome] += counts[outcome];
  }
  return total;
}

/** What the database said stays out of it. */
function sentenceOf(error: unknown): string {
  return error instanceof HttpProblem ? error.message : "The database does not answer.";
}

import type { Decode } from "../messages/decode.ts";
import type { Decoded, RowId } from "../messages/update.ts";
import type { Delivery } from "../pubsub/port.ts";

/** A delivery in a lane's hands: what it says, what it touches, and the means to settle it. */
export interface Held {
  readonly delivery: Delivery;
  readonly decoded: Decoded;
  /** The rows of its changes; empty when it touches none. */
  readonly rows: readonly RowId[];
}

/** How large a batch may be. */
export interface BatchLimits {
  readonly messages: number;
  /** Of message data; a single message may be larger. */
  readonly bytes: number;
}

/**
 * What waits for a lane, in the order of arrival. A row that is in one lane's batch is not given to another, and an update that
 * must wait holds back those behind it that share a row with it; so updates of one row are applied in their order of arrival,
 * one batch after the other, and all others go wherever there is room.
 *
 * A message is decoded when a lane may take it, not when it arrives: thousands wait, and what waits as bytes is neither memory
 * nor work for the garbage collector.
 */
export class Waiting {
  readonly #decode: Decode;
  readonly #limits: BatchLimits;
  /** Decoded, and not in a lane yet; they arrived before all that is in the queue. */
  #seen: Held[] = [];
  /** So many of them, the first ones, have been told apart since a batch was released: each is in `#next`, or is held back. */
  #told = 0;
  /** Those that can go: the next batch. */
  #next: Held[] = [];
  #nextBytes = 0;
  /** No more fits into it. */
  #full = false;
  /** The rows of those that can't go before a batch is released, nor can what shares one of these rows with them. */
  readonly #heldBack = new Set<RowId>();
  #queue: Delivery[] = [];
  #head = 0;
  #bytes = 0;
  readonly #inLanes = new Set<RowId>();

  /** `decode` never throws. */
  constructor(decode: Decode, limits: BatchLimits) {
    this.#decode = decode;
    this.#limits = limits;
  }

  get messages(): number {
    return this.#seen.length + this.#queue.length - this.#head;
  }

  /** Bytes of message data waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  add(delivery: Delivery): void {
    this.#queue.push(delivery);
    this.#bytes += delivery.dataBytes;
  }

  /**
   * The next batch. Empty: nothing can go, or, unless the lane is in a `hurry`, what can go is little beside what other lanes hold
   * back: not full, and less than that. Both go together when a batch is released. Where all want the same few rows, lanes
   * would else share the rows out among them, and each batch would be a fraction of one.
   */
  take(hurry: boolean): Held[] {
    this.#look();
    const heldBack = this.#told - this.#next.length;
    const little = !this.#full && this.#next.length < heldBack;
    if (this.#next.length === 0 || (little && !hurry)) return [];
    const taken = this.#next;
    if (heldBack === 0) this.#seen.splice(0, this.#told);
    else this.#remove(taken);
    this.#told = heldBack;
    this.#begin();
    for (const { delivery, rows } of taken) {
      this.#bytes -= delivery.dataBytes;
      for (const row of rows) this.#inLanes.add(row);
    }
    return taken;
  }

  /** Tells apart what can go and what can't, until no more can go in one batch. */
  #look(): void {
    while (!this.#full) {
      const held = this.#seen[this.#told] ?? this.#decodeNext();
      if (held === undefined) return;
      if (this.#isHeldBack(held)) for (const row of held.rows) this.#heldBack.add(row);
      else if (this.#next.length > 0 && this.#nextBytes + held.delivery.dataBytes > this.#limits.bytes) {
        // It goes first in the batch after this one.
        this.#full = true;
        return;
      } else {
        this.#next.push(held);
        this.#nextBytes += held.delivery.dataBytes;
        this.#full = this.#next.length >= this.#limits.messages;
      }
      this.#told += 1;
    }
  }

  #isHeldBack({ rows }: Held): boolean {
    return rows.some((row) => this.#inLanes.has(row) || this.#heldBack.has(row));
  }

  /** Of those that have been told apart. */
  #remove(taken: readonly Held[]): void {
    const seen = this.#seen;
    let kept = 0;
    for (let at = 0; at < this.#told; at += 1) {
      const held = seen[at] as Held;
      if (held === taken[at - kept]) continue;
      seen[kept] = held;
      kept += 1;
    }
    seen.splice(kept, taken.length);
  }

  #begin(): void {
    this.#next = [];
    this.#nextBytes = 0;
    this.#full = false;
  }

  /** The batch is settled: its rows may go to any lane. */
  release(batch: readonly Held[]): void {
    for (const { rows } of batch) for (const row of rows) this.#inLanes.delete(row);
    this.#tellAgain();
  }

  #tellAgain(): void {
    this.#told = 0;
    this.#heldBack.clear();
    this.#begin();
  }

  /** Takes out everything that waits. */
  drain(): Delivery[] {
    const rest = [...this.#seen.map(({ delivery }) => delivery), ...this.#queue.slice(this.#head)];
    this.#seen = [];
    this.#tellAgain();
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
    return rest;
  }

  /** The first of the queue, which is seen from then on. */
  #decodeNext(): Held | undefined {
    const delivery = this.#queue[this.#head];
    if (delivery === undefined) return undefined;
    this.#head += 1;
    if (this.#head >= 1024 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    const decoded = this.#decode(delivery);
    const rows: RowId[] = [];
    for (const { row } of decoded.update?.changes ?? []) if (row !== undefined) rows.push(row);
    const held = { delivery, decoded, rows };
    this.#seen.push(held);
    return held;
  }
}

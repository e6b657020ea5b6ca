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
  /** Those that could not go when a lane looked at them; they arrived before all that is in the queue. */
  #passed: Held[] = [];
  #queue: Delivery[] = [];
  #head = 0;
  #bytes = 0;
  readonly #inLanes = new Set<RowId>();

  /** `decode` never throws. */
  constructor(decode: Decode) {
    this.#decode = decode;
  }

  get messages(): number {
    return this.#passed.length + this.#queue.length - this.#head;
  }

  /** Bytes of message data waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  add(delivery: Delivery): void {
    this.#queue.push(delivery);
    this.#bytes += delivery.data.length;
  }

  /** The next batch: at most `messages`, and at most `bytes` of data unless its first one alone is larger. Empty: nothing can go. */
  take(messages: number, bytes: number): Held[] {
    const taken: Held[] = [];
    const passed: Held[] = [];
    const heldBack = new Set<RowId>();
    let size = 0;
    let at = 0;
    const before = this.#passed;
    for (; taken.length < messages; at += 1) {
      const held = at < before.length ? (before[at] as Held) : this.#next();
      if (held === undefined) break;
      const { length } = held.delivery.data;
      if (held.rows.some((row) => this.#inLanes.has(row) || heldBack.has(row))) {
        passed.push(held);
        for (const row of held.rows) heldBack.add(row);
      } else if (taken.length > 0 && size + length > bytes) {
        // It goes first next time.
        passed.push(held);
        at += 1;
        break;
      } else {
        taken.push(held);
        size += length;
      }
    }
    this.#passed = at < before.length ? [...passed, ...before.slice(at)] : passed;
    this.#bytes -= size;
    for (const { rows } of taken) for (const row of rows) this.#inLanes.add(row);
    return taken;
  }

  /** The batch is settled: its rows may go to any lane. */
  release(batch: readonly Held[]): void {
    for (const { rows } of batch) for (const row of rows) this.#inLanes.delete(row);
  }

  /** Takes out everything that waits. */
  drain(): Delivery[] {
    const rest = [...this.#passed.map(({ delivery }) => delivery), ...this.#queue.slice(this.#head)];
    this.#passed = [];
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
    return rest;
  }

  /** The first of the queue, decoded. */
  #next(): Held | undefined {
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
    return { delivery, decoded, rows };
  }
}

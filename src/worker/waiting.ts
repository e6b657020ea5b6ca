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

/** What a batch may still take. */
interface Room {
  messages: number;
  bytes: number;
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
  /** So many of them, the first ones, cannot go before a batch is released, nor can what shares one of these rows with them. */
  #blocked = 0;
  readonly #heldBack = new Set<RowId>();
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
    this.#bytes += delivery.dataBytes;
  }

  /** The next batch: at most `messages`, and at most `bytes` of data unless its first one alone is larger. Empty: nothing can go. */
  take(messages: number, bytes: number): Held[] {
    const taken: Held[] = [];
    const room = { messages, bytes };
    this.#takePassed(taken, room);
    while (this.#blocked === this.#passed.length && room.messages > 0) {
      const held = this.#next();
      if (held === undefined) break;
      if (!this.#consider(held, taken, room)) this.#passed.push(held);
    }
    for (const { rows } of taken) for (const row of rows) this.#inLanes.add(row);
    return taken;
  }

  /** Those that were passed over, beginning where a lane's end may have made room. */
  #takePassed(taken: Held[], room: Room): void {
    const passed = this.#passed;
    let at = this.#blocked;
    while (at < passed.length && room.messages > 0) {
      const held = passed[at] as Held;
      at += 1;
      if (this.#consider(held, taken, room)) continue;
      // Moved up, to where the next one that stays belongs.
      passed[at - taken.length - 1] = held;
    }
    if (taken.length > 0) passed.splice(at - taken.length, taken.length);
  }

  /** Takes it, or counts it among the blocked; the first that has too many bytes ends the batch, and goes first next time. */
  #consider(held: Held, taken: Held[], room: Room): boolean {
    const { dataBytes } = held.delivery;
    if (held.rows.some((row) => this.#inLanes.has(row) || this.#heldBack.has(row))) {
      for (const row of held.rows) this.#heldBack.add(row);
      this.#blocked += 1;
      return false;
    }
    if (taken.length > 0 && dataBytes > room.bytes) {
      room.messages = 0;
      return false;
    }
    taken.push(held);
    room.messages -= 1;
    room.bytes -= dataBytes;
    this.#bytes -= dataBytes;
    return true;
  }

  /** The batch is settled: its rows may go to any lane. */
  release(batch: readonly Held[]): void {
    for (const { rows } of batch) for (const row of rows) this.#inLanes.delete(row);
    this.#blocked = 0;
    this.#heldBack.clear();
  }

  /** Takes out everything that waits. */
  drain(): Delivery[] {
    const rest = [...this.#passed.map(({ delivery }) => delivery), ...this.#queue.slice(this.#head)];
    this.#passed = [];
    this.#blocked = 0;
    this.#heldBack.clear();
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

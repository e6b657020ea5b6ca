import type { Decoded, RowId } from "../messages/update.ts";
import type { Delivery } from "../pubsub/port.ts";

/** A delivery that waits for its batch: what it says, what it touches, and the means to settle it. */
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
 */
export class Waiting {
  #queue: Held[] = [];
  #head = 0;
  #bytes = 0;
  readonly #inLanes = new Set<RowId>();

  get messages(): number {
    return this.#queue.length - this.#head;
  }

  /** Bytes of message data waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  add(held: Held): void {
    this.#queue.push(held);
    this.#bytes += held.delivery.data.length;
  }

  /** The next batch: at most `messages`, and at most `bytes` of data unless its first one alone is larger. Empty: nothing can go. */
  take(messages: number, bytes: number): Held[] {
    const taken: Held[] = [];
    const passed: Held[] = [];
    const heldBack = new Set<RowId>();
    let size = 0;
    let at = this.#head;
    for (; at < this.#queue.length && taken.length < messages; at += 1) {
      const held = this.#queue[at] as Held;
      if (taken.length > 0 && size + held.delivery.data.length > bytes) break;
      if (held.rows.some((row) => this.#inLanes.has(row) || heldBack.has(row))) {
        passed.push(held);
        for (const row of held.rows) heldBack.add(row);
      } else {
        taken.push(held);
        size += held.delivery.data.length;
      }
    }
    this.#advance(at, passed);
    this.#bytes -= size;
    for (const { rows } of taken) for (const row of rows) this.#inLanes.add(row);
    return taken;
  }

  /** The batch is settled: its rows may go to any lane. */
  release(batch: readonly Held[]): void {
    for (const { rows } of batch) for (const row of rows) this.#inLanes.delete(row);
  }

  /** Takes out everything that waits. */
  drain(): Held[] {
    const rest = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    this.#bytes = 0;
    return rest;
  }

  /** Everything before `at` has gone but for what was passed over, which stays in front. */
  #advance(at: number, passed: readonly Held[]): void {
    this.#head = at - passed.length;
    for (const [i, held] of passed.entries()) this.#queue[this.#head + i] = held;
    if (this.#head < 1024 || this.#head * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}

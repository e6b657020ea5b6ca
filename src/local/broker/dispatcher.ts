import type { Consumer, Delivery, Room } from "./delivery.ts";

/** Largest response, in messages and in bytes (one message may be more). */
const MAX_BATCH = { messages: 1_000, bytes: 1_000_000 };

/** What is dispatched. */
export interface Dispatched {
  /** Roughly how many wait. */
  waiting(): number;
  fill(consumer: Consumer, room: Room): Delivery[];
}

/** Gives what waits to the consumers that have room, in turns, in the same turn of the event loop in which it came. */
export class Dispatcher {
  readonly #source: Dispatched;
  readonly consumers: Consumer[] = [];
  #next = 0;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(source: Dispatched) {
    this.#source = source;
  }

  add(consumer: Consumer): void {
    this.consumers.push(consumer);
    this.wake();
  }

  remove(consumer: Consumer): void {
    const index = this.consumers.indexOf(consumer);
    if (index >= 0) this.consumers.splice(index, 1);
  }

  /** Something waits, or somebody has room again. */
  wake(): void {
    if (this.consumers.length > 0) this.#scheduled ??= setImmediate(() => this.#run());
  }

  close(): void {
    clearImmediate(this.#scheduled);
    this.consumers.length = 0;
  }

  #run(): void {
    this.#scheduled = undefined;
    let idle = 0;
    while (idle < this.consumers.length && this.#source.waiting() > 0) {
      this.#next = (this.#next + 1) % this.consumers.length;
      const consumer = this.consumers[this.#next] as Consumer;
      const deliveries = this.#source.fill(consumer, this.#share(consumer.room()));
      if (deliveries.length > 0) consumer.take(deliveries);
      idle = deliveries.length > 0 ? 0 : idle + 1;
    }
  }

  /** An equal share: one stream does not take all while the others stand by. */
  #share(room: Room): Room {
    const share = Math.ceil(this.#source.waiting() / this.consumers.length);
    return {
      messages: Math.min(room.messages, MAX_BATCH.messages, share),
      bytes: Math.min(room.bytes, MAX_BATCH.bytes),
    };
  }
}

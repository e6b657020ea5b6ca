import type { Delivery } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import type { Message } from "./message.ts";
import { Ring } from "./ring.ts";

/** What waits to be delivered and has no order: what comes again goes first, then the oldest. */
export class Backlog {
  readonly #again = new Ring<Delivery>();
  readonly #fresh = new Ring<Message>();
  readonly #deliver: (message: Message) => Delivery;
  readonly #faults: Faults;
  /** Held back by an injected reorder, each until so many were taken. */
  #held: { readonly message: Message; readonly until: number }[] = [];
  #taken = 0;

  /** `deliver` makes the delivery of a message that leaves the backlog. */
  constructor(deliver: (message: Message) => Delivery, faults: Faults) {
    this.#deliver = deliver;
    this.#faults = faults;
  }

  get waiting(): number {
    return this.#again.length + this.#fresh.length + this.#held.length;
  }

  push(message: Message): void {
    this.#fresh.push(message);
  }

  pushAgain(delivery: Delivery): void {
    this.#again.push(delivery);
  }

  /** The next one; those that were published before `oldest` are dropped. */
  next(oldest: number): Delivery | undefined {
    for (let again = this.#again.shift(); again !== undefined; again = this.#again.shift()) {
      // It was acknowledged while it waited.
      if (again.state === "ready") return again;
    }
    for (let message = this.#nextFresh(); message !== undefined; message = this.#nextFresh()) {
      if (message.block.publishedAt >= oldest) return this.#deliver(message);
    }
    return undefined;
  }

  /** Drops what was published before `oldest`, as far as it stands at the front. */
  trim(oldest: number): void {
    while ((this.#fresh.at(0)?.block.publishedAt ?? oldest) < oldest) this.#fresh.shift();
  }

  /** What was not delivered yet. */
  *messages(): Generator<Message> {
    yield* this.#fresh;
    for (const { message } of this.#held) yield message;
  }

  clear(): void {
    this.#again.clear();
    this.#fresh.clear();
    this.#held = [];
  }

  #nextFresh(): Message | undefined {
    const ripe = this.#held.findIndex(({ until }) => until <= this.#taken || this.#fresh.length === 0);
    if (ripe >= 0) return this.#held.splice(ripe, 1)[0]?.message;
    const message = this.#fresh.shift();
    if (message === undefined) return undefined;
    this.#taken++;
    const places = this.#faults.reorder();
    if (places === 0 || this.#fresh.length === 0) return message;
    this.#held.push({ message, until: this.#taken + places });
    return this.#nextFresh();
  }
}

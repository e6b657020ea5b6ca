import type { Consumer, Delivery } from "./delivery.ts";
import type { Message } from "./message.ts";
import { Ring } from "./ring.ts";

/** The messages of one ordering key, in their order. */
export interface Line {
  readonly key: string;
  /** Delivered at least once, from the first that is not acknowledged on; acknowledged ones behind it are kept. */
  readonly sent: Ring<Delivery>;
  /** Which of them comes next; its length when all of them are on their way. */
  cursor: number;
  /** Not delivered yet. */
  readonly fresh: Ring<Message>;
  /** How many are leased, and to whom: one consumer has all of them. */
  leased: number;
  owner: Consumer | undefined;
  /** Positions given so far. */
  positions: number;
  /** The queue in which it waits to be asked; undefined: in none. */
  place: Ring<Line> | undefined;
}

/**
 * Ordering keys (Pub/Sub documentation, "Order messages"): the messages of a key go out in their order; while some of them
 * are outstanding, all go to the same consumer; and when one is delivered again, so are all behind it, also acknowledged ones.
 */
export class OrderedKeys {
  readonly #lines = new Map<string, Line>();
  readonly #free = new Ring<Line>();
  readonly #owned = new Map<Consumer, Ring<Line>>();
  readonly #deliver: (message: Message) => Delivery;
  #turn = false;
  /** How many messages wait for their turn. */
  waiting = 0;

  /** `deliver` makes the delivery of a message that leaves the backlog. */
  constructor(deliver: (message: Message) => Delivery) {
    this.#deliver = deliver;
  }

  attach(consumer: Consumer): void {
    this.#owned.set(consumer, new Ring());
  }

  /** What it has outstanding stays its own until it is settled or expired. */
  detach(consumer: Consumer): void {
    const queue = this.#owned.get(consumer);
    this.#owned.delete(consumer);
    for (const line of queue ?? []) {
      if (line.place === queue) line.place = undefined;
    }
  }

  push(message: Message): void {
    const line = this.#lines.get(message.key) ?? this.#open(message.key);
    line.fresh.push(message);
    this.waiting++;
    this.#place(line);
  }

  /** The next one for this consumer, of its own lines and of those that nobody has in turns. */
  next(consumer: Consumer): Delivery | undefined {
    this.#turn = !this.#turn;
    const own = this.#owned.get(consumer);
    if (own === undefined) return undefined;
    const [first, second] = this.#turn ? [own, this.#free] : [this.#free, own];
    return this.#nextOf(first, consumer) ?? this.#nextOf(second, consumer);
  }

  /** One of them was acknowledged; gives those that are done with, in order. */
  acknowledged(delivery: Delivery): Delivery[] {
    const { line } = delivery;
    if (line === undefined) return [];
    if (delivery.state === "leased") line.leased--;
    delivery.state = "acked";
    const done: Delivery[] = [];
    for (let first = line.sent.at(0); first?.state === "acked" && line.cursor > 0; first = line.sent.at(0)) {
      done.push(first);
      line.sent.shift();
      line.cursor--;
    }
    this.#place(line);
    return done;
  }

  /** True when nothing before it in its line is unacknowledged. */
  isFirst(delivery: Delivery): boolean {
    return delivery.line?.sent.at(0) === delivery;
  }

  /** It comes again, and all that followed it; those of them that were leased go to `release` first. */
  rewind(delivery: Delivery, release: (delivery: Delivery) => void): void {
    const { line } = delivery;
    if (line === undefined) return;
    const index = delivery.position - (line.sent.at(0)?.position ?? 0);
    for (let at = index; at < line.cursor; at++) {
      const one = line.sent.at(at) as Delivery;
      if (one.state === "leased") {
        line.leased--;
        release(one);
      }
      one.state = "ready";
    }
    this.waiting += Math.max(0, line.cursor - index);
    line.cursor = Math.min(line.cursor, index);
  }

  /** Something about its line has changed: it may be time to deliver. */
  touch({ line }: Delivery): void {
    if (line !== undefined) this.#place(line);
  }

  /** What was not delivered yet. */
  *fresh(): Generator<Message> {
    for (const { fresh } of this.#lines.values()) yield* fresh;
  }

  clear(): void {
    this.#lines.clear();
    this.#free.clear();
    for (const queue of this.#owned.values()) queue.clear();
    this.waiting = 0;
  }

  #open(key: string): Line {
    const line: Line = {
      key,
      sent: new Ring(),
      cursor: 0,
      fresh: new Ring(),
      leased: 0,
      owner: undefined,
      positions: 0,
      place: undefined,
    };
    this.#lines.set(key, line);
    return line;
  }

  #nextOf(queue: Ring<Line>, consumer: Consumer): Delivery | undefined {
    for (let line = queue.shift(); line !== undefined; line = queue.shift()) {
      // It has moved to another queue since.
      if (line.place !== queue) continue;
      line.place = undefined;
      if (!hasNext(line)) continue;
      const delivery = this.#take(line);
      line.owner = consumer;
      line.leased++;
      this.#place(line);
      return delivery;
    }
    return undefined;
  }

  #take(line: Line): Delivery {
    this.waiting--;
    const again = line.sent.at(line.cursor++);
    if (again !== undefined) return again;
    const delivery = this.#deliver(line.fresh.shift() as Message);
    delivery.line = line;
    delivery.position = line.positions++;
    line.sent.push(delivery);
    return delivery;
  }

  /** Puts the line where the right consumer finds it, or takes it off the list when nothing is left of it. */
  #place(line: Line): void {
    if (line.leased === 0) line.owner = undefined;
    if (line.sent.length + line.fresh.length === 0) this.#lines.delete(line.key);
    else if (hasNext(line)) {
      const queue = line.owner === undefined ? this.#free : this.#owned.get(line.owner);
      if (queue !== undefined && line.place !== queue) {
        line.place = queue;
        queue.push(line);
      }
    }
  }
}

function hasNext(line: Line): boolean {
  const again = line.sent.at(line.cursor);
  return again === undefined ? line.fresh.length > 0 : again.state !== "backing-off";
}

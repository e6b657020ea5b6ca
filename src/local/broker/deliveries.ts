import { ackIdText, readAckId } from "./ack-id.ts";
import { Backlog } from "./backlog.ts";
import type { Deadlines } from "./deadlines.ts";
import { type Consumer, Delivery } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import { Later } from "./later.ts";
import type { Message } from "./message.ts";
import { OrderedKeys } from "./ordered-keys.ts";
import { RecentAcks } from "./recent-acks.ts";
import type { Rules } from "./rules.ts";
import { invalid } from "./status-error.ts";

/** What deliveries need of their subscription. */
export interface DeliveriesHost {
  /** Never given to another subscription of the broker. */
  readonly number: number;
  readonly rules: Rules;
  readonly deadlines: Deadlines;
  readonly faults: Faults;
  /** Publishes it to the dead-letter topic; false when that is not there. */
  deadLetter(delivery: Delivery): boolean;
  /** It is acknowledged for good. */
  acknowledged(message: Message): void;
  /** Something waits, or somebody has room. */
  wake(): void;
}

/** What became of one ack id. Without exactly-once delivery it is always ok. */
export type Settled = "ok" | "invalid" | "unordered" | "temporary";

/**
 * The unacknowledged messages of a subscription. One waits in the backlog or in its key's line, is leased by a consumer, and
 * then acknowledged; or its lease ends or is given back, it backs off as the retry policy says, and waits again.
 */
export class Deliveries {
  readonly #host: DeliveriesHost;
  readonly #open = new Map<number, Delivery>();
  readonly #acked = new RecentAcks();
  readonly #backlog: Backlog;
  readonly keys: OrderedKeys;
  #numbers = 0;

  constructor(host: DeliveriesHost) {
    this.#host = host;
    const deliver = (message: Message) => this.#deliver(message);
    this.#backlog = new Backlog(deliver, host.faults);
    this.keys = new OrderedKeys(deliver);
  }

  get waiting(): number {
    return this.#backlog.waiting + this.keys.waiting;
  }

  /** Those that wait, are leased, or back off. Takes a moment when they are many. */
  get unacknowledged(): number {
    let count = 0;
    for (const _ of this.messages()) count += 1;
    return count;
  }

  /** Puts a message at the end; those at the front that were published before `oldest` are dropped. */
  push(message: Message, oldest: number): void {
    this.#backlog.trim(oldest);
    if (this.#host.rules.ordered && message.key !== "") this.keys.push(message);
    else this.#backlog.push(message);
  }

  /** Leases the next message that waits to a consumer. */
  lease(consumer: Consumer, oldest: number): Delivery | undefined {
    const delivery = this.keys.next(consumer) ?? this.#backlog.next(oldest);
    if (delivery === undefined) return undefined;
    const { deadlines, faults, rules } = this.#host;
    delivery.state = "leased";
    delivery.lease++;
    delivery.consumer = consumer;
    deadlines.set(delivery, faults.lease(consumer.leaseMs));
    if (delivery.line !== undefined || delivery.ghost || rules.exactlyOnce) return delivery;
    const duplicate = faults.duplicate();
    if (duplicate === "acked") delivery.haunted = true;
    if (duplicate === "leased") this.#backlog.pushAgain(this.#deliver(delivery.message, true));
    return delivery;
  }

  ackIdOf({ number, lease }: Delivery): string {
    return ackIdText(this.#host.number, number, lease);
  }

  /** Throws INVALID_ARGUMENT for what is no ack id. */
  acknowledge(ackId: string): Settled {
    const found = this.#find(ackId);
    if (typeof found === "string") return found === "acked" ? "ok" : found;
    const { rules, faults, deadlines } = this.#host;
    if (rules.exactlyOnce && found.line !== undefined && !this.keys.isFirst(found)) return "unordered";
    const fault = faults.ack();
    if (fault === "lost") return rules.exactlyOnce ? "temporary" : "ok";
    if (fault === undefined) this.#finish(found);
    else deadlines.set(new Later(() => this.#finishLate(found)), fault);
    return "ok";
  }

  /** 0 seconds: a nack. Throws INVALID_ARGUMENT for what is no ack id. */
  modify(ackId: string, seconds: number): Settled {
    const found = this.#find(ackId);
    if (found === "acked") return this.#host.rules.exactlyOnce ? "invalid" : "ok";
    if (typeof found === "string") return found;
    if (found.state === "leased") {
      if (seconds === 0) this.#fail(found);
      else this.#host.deadlines.set(found, seconds * 1_000);
    }
    return "ok";
  }

  /** All messages that are not acknowledged, and those that are but have to stay in their line. */
  *messages(): Generator<Message> {
    for (const { message, ghost } of this.#open.values()) if (!ghost) yield message;
    yield* this.#backlog.messages();
    yield* this.keys.fresh();
  }

  /** Forgets all of them; their ack ids stand for nothing then. */
  clear(): void {
    for (const delivery of this.#open.values()) {
      delivery.state = "acked";
      this.#release(delivery);
    }
    this.#open.clear();
    this.#backlog.clear();
    this.keys.clear();
  }

  #deliver(message: Message, ghost = false): Delivery {
    const delivery = new Delivery(message, ++this.#numbers, (due) => this.#due(due), ghost);
    this.#open.set(delivery.number, delivery);
    return delivery;
  }

  #release(delivery: Delivery): void {
    this.#host.deadlines.remove(delivery);
    const { consumer } = delivery;
    delivery.consumer = undefined;
    consumer?.released(delivery);
  }

  /** The delivery that an ack id may change, or why it changes none. */
  #find(ackId: string): Delivery | "ok" | "invalid" | "acked" {
    const id = readAckId(ackId);
    if (id === undefined)
      throw invalid(`You have passed an invalid ack ID to the service (ack_id=${ackId}).`);
    const { exactlyOnce } = this.#host.rules;
    const gone = exactlyOnce ? "invalid" : "ok";
    if (id.subscription !== this.#host.number) return gone;
    const delivery = this.#open.get(id.number);
    if (delivery === undefined) return this.#acked.has(id) ? "acked" : gone;
    if (delivery.state === "acked") return delivery.lease === id.lease ? "acked" : gone;
    const inForce = delivery.state === "leased" && delivery.lease === id.lease;
    // Best effort: a late ack counts, unless the message's place in an order says that it comes again.
    return inForce || (!exactlyOnce && delivery.line === undefined) ? delivery : gone;
  }

  #finishLate(delivery: Delivery): void {
    const open = delivery.line === undefined ? delivery.state !== "acked" : delivery.state === "leased";
    if (open && this.#open.get(delivery.number) === delivery) this.#finish(delivery);
  }

  #finish(delivery: Delivery): void {
    this.#release(delivery);
    const done = delivery.line === undefined ? [delivery] : this.keys.acknowledged(delivery);
    delivery.state = "acked";
    for (const one of done) {
      this.#open.delete(one.number);
      if (!one.ghost) this.#host.acknowledged(one.message);
      if (this.#host.rules.exactlyOnce) this.#acked.add(one);
      if (one.haunted) this.#backlog.pushAgain(this.#deliver(one.message, true));
    }
    this.#host.wake();
  }

  #due(delivery: Delivery): void {
    if (delivery.state === "leased") this.#fail(delivery);
    else if (delivery.state === "backing-off") this.#again(delivery, 0);
  }

  /** A nack, or the end of a lease. */
  #fail(delivery: Delivery): void {
    delivery.failures++;
    const { deadLetter, backoffMs } = this.#host.rules;
    const spent = deadLetter !== undefined && delivery.failures >= deadLetter.attempts;
    if (delivery.ghost || (spent && this.#host.deadLetter(delivery))) {
      this.#finish(delivery);
      return;
    }
    if (delivery.line === undefined) this.#release(delivery);
    else this.keys.rewind(delivery, (one) => this.#release(one));
    this.#again(delivery, backoffMs(delivery.failures));
  }

  #again(delivery: Delivery, backoffMs: number): void {
    if (backoffMs > 0) {
      delivery.state = "backing-off";
      this.#host.deadlines.set(delivery, backoffMs);
    } else {
      delivery.state = "ready";
      if (delivery.line === undefined) this.#backlog.pushAgain(delivery);
      else this.keys.touch(delivery);
    }
    this.#host.wake();
  }
}

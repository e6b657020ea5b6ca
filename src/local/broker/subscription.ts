import type { Deadlines } from "./deadlines.ts";
import { Deliveries, type DeliveriesHost, type Settled } from "./deliveries.ts";
import { type Consumer, type Delivery, type Room, sizeOf } from "./delivery.ts";
import { Dispatcher, type Dispatched } from "./dispatcher.ts";
import type { Faults } from "./faults.ts";
import { attributesOf, type Message } from "./message.ts";
import { Ring } from "./ring.ts";
import { type Rules, rulesOf } from "./rules.ts";
import type { SubscriptionSettings } from "./settings.ts";

/** What a subscription needs of its broker. */
export interface Surroundings {
  readonly deadlines: Deadlines;
  readonly faults: Faults;
  /** Milliseconds since 1970. */
  now(): number;
  /** Publishes it to the subscription's dead-letter topic; false when that is not there. */
  deadLetter(delivery: Delivery, from: SubscriptionSettings): boolean;
}

/** The messages of a topic that one subscription has not acknowledged, and who has them. */
export class Subscription implements Dispatched, DeliveriesHost {
  readonly number: number;
  readonly deadlines: Deadlines;
  readonly faults: Faults;
  readonly #around: Surroundings;
  readonly #deliveries: Deliveries;
  readonly #dispatcher = new Dispatcher(this);
  /** Acknowledged ones that are kept, from the oldest on. */
  readonly #retained = new Ring<Message>();
  #settings: SubscriptionSettings;
  #rules: Rules;

  /** `number` is never given to another subscription of the broker. */
  constructor(around: Surroundings, number: number, settings: SubscriptionSettings) {
    this.number = number;
    this.deadlines = around.deadlines;
    this.faults = around.faults;
    this.#around = around;
    this.#settings = settings;
    this.#rules = rulesOf(settings);
    this.#deliveries = new Deliveries(this);
  }

  get settings(): SubscriptionSettings {
    return this.#settings;
  }

  set settings(settings: SubscriptionSettings) {
    this.#rules = rulesOf(settings);
    this.#settings = settings;
  }

  get rules(): Rules {
    return this.#rules;
  }

  /** Messages that wait, are leased, or back off. */
  get unacknowledged(): number {
    return this.#deliveries.unacknowledged;
  }

  waiting(): number {
    return this.#deliveries.waiting;
  }

  /** Takes those that its filter lets through; the others count as acknowledged. */
  offer(messages: readonly Message[]): void {
    const oldest = this.#oldest();
    for (const message of messages) {
      if (this.#wants(message)) this.#deliveries.push(message, oldest);
    }
    this.wake();
  }

  attach(consumer: Consumer): void {
    this.#deliveries.keys.attach(consumer);
    this.#dispatcher.add(consumer);
  }

  /** What it has stays leased until its deadline. */
  detach(consumer: Consumer): void {
    this.#dispatcher.remove(consumer);
    this.#deliveries.keys.detach(consumer);
  }

  /** Something waits, or a consumer has room again. */
  wake(): void {
    this.#dispatcher.wake();
  }

  /** Leases to a consumer what waits, as far as it has room. */
  fill(consumer: Consumer, room: Room): Delivery[] {
    const filled: Delivery[] = [];
    const oldest = this.#oldest();
    let bytes = 0;
    while (filled.length < room.messages && bytes < room.bytes) {
      const delivery = this.#deliveries.lease(consumer, oldest);
      if (delivery === undefined) break;
      filled.push(delivery);
      bytes += sizeOf(delivery);
    }
    return filled;
  }

  ackIdOf(delivery: Delivery): string {
    return this.#deliveries.ackIdOf(delivery);
  }

  /** Throws INVALID_ARGUMENT for what is no ack id. */
  acknowledge(ackId: string): Settled {
    return this.#deliveries.acknowledge(ackId);
  }

  /** 0 seconds: a nack. Throws INVALID_ARGUMENT for what is no ack id. */
  modify(ackId: string, seconds: number): Settled {
    return this.#deliveries.modify(ackId, seconds);
  }

  deadLetter(delivery: Delivery): boolean {
    return this.#around.deadLetter(delivery, this.#settings);
  }

  acknowledged(message: Message): void {
    if (!this.#rules.retainAcked) return;
    const oldest = this.#oldest();
    while ((this.#retained.at(0)?.block.publishedAt ?? oldest) < oldest) this.#retained.shift();
    this.#retained.push(message);
  }

  /** Makes all retained messages acknowledged or not, as `isAcked` says; `more` are retained by the topic. */
  seek(isAcked: (message: Message) => boolean, more: Iterable<Message>): void {
    const all = new Map<number, Message>();
    for (const message of this.#retained) all.set(message.sequence, message);
    for (const message of this.#deliveries.messages()) all.set(message.sequence, message);
    for (const message of more) {
      if (this.#wants(message)) all.set(message.sequence, message);
    }
    this.#forget();
    const oldest = this.#oldest();
    for (const message of [...all.values()].sort((a, b) => a.sequence - b.sequence)) {
      if (isAcked(message)) this.acknowledged(message);
      else this.#deliveries.push(message, oldest);
    }
    this.wake();
  }

  /** Ends all that pull from it, and forgets its messages. */
  close(reason: Error): void {
    for (const consumer of [...this.#dispatcher.consumers]) consumer.end(reason);
    this.#dispatcher.close();
    this.#forget();
  }

  #forget(): void {
    this.#deliveries.clear();
    this.#retained.clear();
  }

  #oldest(): number {
    return this.#around.now() - this.#rules.retentionMs;
  }

  #wants({ block, start, end }: Message): boolean {
    const { filter } = this.#rules;
    return filter === undefined || filter(attributesOf(block.bytes, start, end));
  }
}

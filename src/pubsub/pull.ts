import { AckRequests } from "./ack-requests.ts";
import { ackIdOf, type Holder, PulledDelivery } from "./delivery.ts";
import type { Delivery } from "./port.ts";
import { PullStream } from "./pull-stream.ts";
import type { ReceivedMessage } from "./received.ts";
import type { Subscriber } from "./subscriber.ts";

export interface PullLimits {
  readonly streams: number;
  readonly messages: number;
  readonly bytes: number;
  /** How long acks and nacks are gathered into one request. */
  readonly ackBatchMs: number;
  /** The lease of a message; renewed while it is held. */
  readonly leaseSeconds: number;
}

export interface PullEvents {
  delivery(delivery: Delivery): void;
  /** A stream has ended, and is being opened again. */
  interrupted(): void;
  /** The broker refuses all streams. */
  failed(error: unknown): void;
  /** The client could not begin, for want of credentials, say: it takes another one to try again. */
  unable(error: unknown): void;
  /** A delivery of a closed pull was settled. */
  freed(): void;
}

/** Longest time that a lease is renewed: an outage of the database holds messages and spends no delivery attempts. */
const MAX_LEASE_MS = 168 * 3_600_000;
/** A paused pull goes on when so much of its room is free. */
const ROOM = 0.1;

/**
 * One opening of the subscription: from its first stream to its last settled delivery. It never opens again.
 *
 * Written on the client's own gRPC layer (`v1.SubscriberClient`): its `Subscription` makes promises, histograms and dates for
 * each message and asks the broker to prolong each lease at once, and so takes three times as long to pull and acknowledge one
 * (20 against 7 us).
 *
 * The broker is told how much may be outstanding on each stream. One that does not keep to it is not read from while there is
 * no room; a burst that is on its way may exceed the limits.
 */
export class Pull implements Holder {
  readonly #events: PullEvents;
  readonly #limits: PullLimits;
  readonly #requests: AckRequests;
  readonly #held = new Set<PulledDelivery>();
  readonly #drained = Promise.withResolvers<void>();
  readonly #renewing: NodeJS.Timeout;
  #streams: readonly PullStream[] = [];
  #heldBytes = 0;
  #received = 0;
  #paused = false;
  #closing = false;
  #refusing = false;
  #aside: string[] = [];

  /** `subscription` is a full name. */
  constructor(subscriber: Subscriber, subscription: string, limits: PullLimits, events: PullEvents) {
    this.#events = events;
    this.#limits = limits;
    const leaseMs = limits.leaseSeconds * 1_000;
    const requests = { subscription, gatherMs: limits.ackBatchMs, giveUpMs: leaseMs };
    this.#requests = new AckRequests(subscriber, requests, () => this.#checkDrained());
    this.#renewing = setInterval(() => this.#renew(), leaseMs / 4);
    void this.#open(subscriber, subscription);
  }

  /** Deliveries handed out and not settled. */
  get held(): number {
    return this.#held.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Messages received since it was opened. */
  get received(): number {
    return this.#received;
  }

  /** Resolves after `close`, when all that was handed out is settled and the broker has been told. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Stops pulling; what was handed out keeps its lease. Twice does no harm. */
  close(): void {
    this.#closing = true;
    for (const stream of this.#streams) stream.close();
    this.#checkDrained();
  }

  /** Ends what `close` has left: leases run out, and what the broker could not be told is forgotten. */
  abandon(): void {
    this.close();
    this.#requests.end();
    clearInterval(this.#renewing);
    this.#drained.resolve();
  }

  /** Hands out nothing more: what still comes is kept aside, so that no more is sent for it. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Gives back what was kept aside; after `close`, or the broker may send it along the same streams once more. */
  giveAsideBack(): void {
    for (const id of this.#aside.splice(0)) this.#requests.nack(id);
  }

  /** Gives all back that is handed out and not settled; later settling of it does nothing. */
  giveBack(): void {
    for (const delivery of [...this.#held]) delivery.nack();
  }

  settled(delivery: PulledDelivery, how: "ack" | "nack"): void {
    this.#held.delete(delivery);
    this.#heldBytes -= delivery.dataBytes;
    if (how === "ack") this.#requests.ack(delivery.ackId);
    else this.#requests.nack(delivery.ackId);
    if (this.#closing) this.#events.freed();
    else if (this.#paused && this.#hasRoom()) this.#flow();
  }

  async #open(subscriber: Subscriber, subscription: string): Promise<void> {
    try {
      // Else a missing credential would be an unhandled rejection of the client.
      await subscriber.initialize();
    } catch (error) {
      if (!this.#closing) this.#events.unable(error);
      return;
    }
    if (this.#closing) return;
    const { streams: count, messages, bytes, leaseSeconds } = this.#limits;
    const share = (whole: number) => Math.max(1, Math.ceil(whole / count));
    const options = { subscription, leaseSeconds, messages: share(messages), bytes: share(bytes) };
    const events = {
      received: (some: readonly ReceivedMessage[]) => this.#take(some),
      ended: () => this.#streamEnded(),
    };
    this.#streams = Array.from({ length: count }, () => new PullStream(subscriber, options, events));
  }

  #streamEnded(): void {
    if (this.#closing) return;
    const refusals = this.#streams.map((stream) => stream.refusedBy);
    const refusal = refusals.every((one) => one !== undefined) ? refusals[0] : undefined;
    if (refusal === undefined) this.#events.interrupted();
    else this.#events.failed(refusal);
  }

  #take(messages: readonly ReceivedMessage[]): void {
    const now = performance.now();
    for (const message of messages) this.#receive(message, now);
    const full = this.#held.size >= this.#limits.messages || this.#heldBytes >= this.#limits.bytes;
    if (!full || this.#paused || this.#closing) return;
    this.#paused = true;
    for (const stream of this.#streams) stream.pause();
  }

  #receive(message: ReceivedMessage, now: number): void {
    this.#received += 1;
    if (this.#refusing) {
      this.#aside.push(ackIdOf(message));
      return;
    }
    // A handler of this very burst has closed the pull.
    if (this.#closing) {
      this.#requests.nack(ackIdOf(message));
      return;
    }
    const delivery = new PulledDelivery(message, this, now);
    this.#held.add(delivery);
    this.#heldBytes += delivery.dataBytes;
    try {
      this.#events.delivery(delivery);
    } catch (error) {
      // Thrown from here it would end the stream.
      delivery.nack();
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #hasRoom(): boolean {
    const { messages, bytes } = this.#limits;
    return (
      this.#held.size < messages &&
      this.#held.size <= messages * (1 - ROOM) &&
      this.#heldBytes <= bytes * (1 - ROOM)
    );
  }

  #flow(): void {
    this.#paused = false;
    for (const stream of this.#streams) stream.resume();
  }

  /** Looked at each quarter of a lease, one is renewed with a half to a quarter of it left, in which a request that fails is sent again. */
  #renew(): void {
    const { leaseSeconds } = this.#limits;
    const now = performance.now();
    const ids: string[] = [];
    for (const delivery of this.#held) {
      if (now - delivery.leasedAt < leaseSeconds * 500) continue;
      if (now - delivery.receivedAt > MAX_LEASE_MS) continue;
      delivery.leasedAt = now;
      ids.push(delivery.ackId);
    }
    this.#requests.extend(ids, leaseSeconds);
  }

  #checkDrained(): void {
    if (!this.#closing || this.#held.size > 0 || this.#aside.length > 0 || !this.#requests.idle) return;
    clearInterval(this.#renewing);
    this.#drained.resolve();
  }
}

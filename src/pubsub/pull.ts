import { Duration, type Message, type PubSub, SubscriptionCloseBehaviors } from "@google-cloud/pubsub";
import { type Holder, PulledDelivery } from "./delivery.ts";
import type { Delivery } from "./port.ts";

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
  /** All streams are gone for good. */
  failed(error: unknown): void;
  /** A delivery of a closed pull was settled. */
  freed(): void;
}

/** Longest time that a lease is renewed: an outage of the database holds messages and spends no delivery attempts. */
const MAX_LEASE = Duration.from({ hours: 168 });
/** Time to connect; the client's own 300 s also keep a process alive that long after a close. */
const CONNECT_MS = 10_000;
/**
 * One opening of the subscription: from its first stream to its last settled delivery. It never opens again, since the
 * client, opened again while its close still waits, closes the queues of the new opening.
 *
 * Excess messages are handed out at once (the client's other mode forgets to hand out what waits for free bytes, and
 * then closes late), so a burst may exceed the limits; the limits stop the next one.
 */
export class Pull implements Holder {
  readonly #subscription;
  readonly #events: PullEvents;
  readonly #held = new Set<PulledDelivery>();
  readonly #drained = Promise.withResolvers<void>();
  #heldBytes = 0;
  #received = 0;
  #closing = false;
  #refusing = false;
  #aside: Message[] = [];

  constructor(api: PubSub, name: string, limits: PullLimits, events: PullEvents) {
    this.#events = events;
    // The client would stretch its leases to the slowest settlements, and with them the wait after a crash.
    const lease = Duration.from({ seconds: limits.leaseSeconds });
    this.#subscription = api.subscription(name, {
      flowControl: { maxMessages: limits.messages, maxBytes: limits.bytes, allowExcessMessages: true },
      streamingOptions: {
        maxStreams: limits.streams,
        retryMaxBackoff: Duration.from({ seconds: 10 }),
        timeout: CONNECT_MS,
      },
      batching: { maxMilliseconds: limits.ackBatchMs },
      minAckDeadline: lease,
      maxAckDeadline: lease,
      maxExtensionTime: MAX_LEASE,
      closeOptions: { behavior: SubscriptionCloseBehaviors.WaitForProcessing, timeout: MAX_LEASE },
    });
    this.#subscription.on("error", (error: unknown) => {
      this.#closing = true;
      events.failed(error);
    });
    this.#subscription.once("close", () => this.#drained.resolve());
    this.#subscription.on("message", (message) => this.#receive(message));
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
    this.#subscription.close().catch(() => this.#drained.resolve());
  }

  /** Hands out nothing more: what still comes is kept aside, so that no more is sent for it. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Gives back what was kept aside; after `close`, or the broker may send it along the same streams once more. */
  giveAsideBack(): void {
    for (const message of this.#aside.splice(0)) {
      message.nack();
    }
  }

  /** Gives all back that is handed out and not settled; later settling of it does nothing. */
  giveBack(): void {
    for (const delivery of [...this.#held]) {
      delivery.nack();
    }
  }

  release(delivery: PulledDelivery): void {
    this.#held.delete(delivery);
    this.#heldBytes -= delivery.data.length;
    if (this.#closing) {
      this.#events.freed();
    }
  }

  #receive(message: Message): void {
    if (this.#refusing) {
      this.#received += 1;
      this.#aside.push(message);
      return;
    }
    const delivery = new PulledDelivery(message, this, performance.now());
    this.#held.add(delivery);
    this.#heldBytes += delivery.data.length;
    this.#received += 1;
    try {
      this.#events.delivery(delivery);
    } catch (error) {
      // The client would swallow it and hold the message for an hour.
      delivery.nack();
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

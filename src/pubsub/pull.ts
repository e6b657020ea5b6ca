import { Duration, type Message, type PubSub, SubscriptionCloseBehaviors } from "@google-cloud/pubsub";
import { type Holder, PulledDelivery } from "./delivery.ts";
import type { Delivery } from "./port.ts";

export interface PullLimits {
  readonly streams: number;
  readonly messages: number;
  readonly bytes: number;
  /** How long acks and nacks are gathered into one request. */
  readonly ackBatchMs: number;
}

export interface PullEvents {
  delivery(delivery: Delivery): void;
  /** All streams are gone for good. */
  failed(error: unknown): void;
  /** A delivery of a closed pull was settled. */
  freed(): void;
}

/** Longest lease. An outage of the database holds messages and spends no delivery attempts. */
const MAX_LEASE = Duration.from({ minutes: 60 });
/** Time to connect; the client's own 300 s also keep a process alive that long after a close. */
const CONNECT_MS = 10_000;
/** With the client's 10 s, a backlog that waits in this process is delivered again. */
const MIN_LEASE = Duration.from({ seconds: 60 });

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
  #givingBack = false;

  constructor(api: PubSub, name: string, limits: PullLimits, events: PullEvents) {
    this.#events = events;
    this.#subscription = api.subscription(name, {
      flowControl: { maxMessages: limits.messages, maxBytes: limits.bytes, allowExcessMessages: true },
      streamingOptions: {
        maxStreams: limits.streams,
        retryMaxBackoff: Duration.from({ seconds: 10 }),
        timeout: CONNECT_MS,
      },
      batching: { maxMilliseconds: limits.ackBatchMs },
      minAckDeadline: MIN_LEASE,
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

  /** Hands out nothing more: what still comes goes back to the broker at once. */
  refuse(): void {
    this.#givingBack = true;
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
    if (this.#givingBack) {
      message.nack();
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

import type { Message } from "@google-cloud/pubsub";
import type { Delivery } from "./port.ts";

/** Told once, when a delivery is settled. */
export interface Holder {
  release(delivery: PulledDelivery): void;
}

/** A message of the official client, held until it is settled. Made some 20,000 times a second: no work but what is read. */
export class PulledDelivery implements Delivery {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  readonly attempt: number;
  readonly receivedAt: number;
  readonly #message: Message;
  #holder: Holder | undefined;

  constructor(message: Message, holder: Holder, receivedAt: number) {
    this.data = message.data;
    this.attributes = message.attributes;
    this.messageId = message.id;
    this.attempt = message.deliveryAttempt;
    this.receivedAt = receivedAt;
    this.#message = message;
    this.#holder = holder;
  }

  /** A plain Date, to the millisecond, made when asked for: the client's own carries nanoseconds and is slow. */
  get publishedAt(): Date {
    return new Date(this.#message.publishTime.getTime());
  }

  ack(): void {
    if (this.#settle()) {
      this.#message.ack();
    }
  }

  nack(): void {
    if (this.#settle()) {
      this.#message.nack();
    }
  }

  #settle(): boolean {
    const holder = this.#holder;
    this.#holder = undefined;
    holder?.release(this);
    return holder !== undefined;
  }
}

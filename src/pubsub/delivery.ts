import type { protos } from "@google-cloud/pubsub";
import type { Delivery } from "./port.ts";

/** A message as the broker sends it along a stream. */
export type ReceivedMessage = protos.google.pubsub.v1.IReceivedMessage;

/** Told once, how a delivery is settled. */
export interface Holder {
  settled(delivery: PulledDelivery, how: "ack" | "nack"): void;
}

const NO_DATA = Buffer.alloc(0);

/** A message that was pulled, held until it is settled. Made some 20,000 times a second: no work but what is read. */
export class PulledDelivery implements Delivery {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  readonly attempt: number;
  readonly receivedAt: number;
  /** Names this delivery of the message to the broker. */
  readonly ackId: string;
  /** When its lease began or was last renewed, `performance.now()`. */
  leasedAt: number;
  readonly #published: NonNullable<ReceivedMessage["message"]>["publishTime"];
  #holder: Holder | undefined;

  constructor({ ackId, message, deliveryAttempt }: ReceivedMessage, holder: Holder, receivedAt: number) {
    this.data = (message?.data as Buffer | null | undefined) ?? NO_DATA;
    this.attributes = message?.attributes ?? {};
    this.messageId = message?.messageId ?? "";
    this.attempt = deliveryAttempt ?? 0;
    this.receivedAt = receivedAt;
    this.ackId = ackId ?? "";
    this.leasedAt = receivedAt;
    this.#published = message?.publishTime;
    this.#holder = holder;
  }

  /** To the millisecond, which is what JavaScript keeps. */
  get publishedAt(): Date {
    const { seconds, nanos } = this.#published ?? {};
    return new Date(Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000));
  }

  ack(): void {
    this.#settle("ack");
  }

  nack(): void {
    this.#settle("nack");
  }

  #settle(how: "ack" | "nack"): void {
    const holder = this.#holder;
    this.#holder = undefined;
    holder?.settled(this, how);
  }
}

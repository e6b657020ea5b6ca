import type { Delivery } from "./port.ts";
import { type MessageFields, messageFields, type ReceivedMessage } from "./received.ts";

/** Told once, how a delivery is settled. */
export interface Holder {
  settled(delivery: PulledDelivery, how: "ack" | "nack"): void;
}

/** A message that was pulled, held until it is settled. Made some 20,000 times a second: read when it is asked for. */
export class PulledDelivery implements Delivery {
  readonly receivedAt: number;
  /** When its lease began or was last renewed, `performance.now()`. */
  leasedAt: number;
  readonly #message: ReceivedMessage;
  #fields: MessageFields | undefined;
  #holder: Holder | undefined;

  constructor(message: ReceivedMessage, holder: Holder, receivedAt: number) {
    this.receivedAt = receivedAt;
    this.leasedAt = receivedAt;
    this.#message = message;
    this.#holder = holder;
  }

  /** Names this delivery of the message to the broker. */
  get ackId(): string {
    return ackIdOf(this.#message);
  }

  get data(): Buffer {
    const { response, dataStart, dataEnd } = this.#message;
    return response.subarray(dataStart, dataEnd);
  }

  get dataBytes(): number {
    return this.#message.dataEnd - this.#message.dataStart;
  }

  get attributes(): MessageFields["attributes"] {
    return this.#read().attributes;
  }

  get messageId(): string {
    return this.#read().messageId;
  }

  get publishedAt(): Date {
    return this.#read().publishedAt;
  }

  get attempt(): number {
    return this.#message.attempt;
  }

  ack(): void {
    this.#settle("ack");
  }

  nack(): void {
    this.#settle("nack");
  }

  #read(): MessageFields {
    this.#fields ??= messageFields(this.#message);
    return this.#fields;
  }

  #settle(how: "ack" | "nack"): void {
    const holder = this.#holder;
    this.#holder = undefined;
    holder?.settled(this, how);
  }
}

/** The name of a delivery that is not handed out. */
export function ackIdOf({ response, ackIdStart, ackIdEnd }: ReceivedMessage): string {
  return response.toString("utf8", ackIdStart, ackIdEnd);
}

import type { Due } from "./deadlines.ts";
import type { Message } from "./message.ts";
import type { Line } from "./ordered-keys.ts";

/** How much a consumer takes now; 0 messages: nothing. */
export interface Room {
  readonly messages: number;
  /** Bytes after which it takes no further message. */
  readonly bytes: number;
}

/** Who takes deliveries of a subscription: a stream, or one Pull call. */
export interface Consumer {
  /** How long a message is leased to it, in milliseconds. */
  readonly leaseMs: number;
  room(): Room;
  take(deliveries: readonly Delivery[]): void;
  /** One that it took is outstanding no more: settled, expired, or given to somebody else. */
  released(delivery: Delivery): void;
  /** Nothing more will come. */
  end(reason: Error): void;
}

/** Where a message that was taken from the backlog stands; acked only while messages before it in its line are not. */
export type DeliveryState = "ready" | "leased" | "backing-off" | "acked";

/** One message of one subscription, from its first delivery until it is acknowledged. */
export class Delivery implements Due {
  tick = -1;
  previous: Due | undefined = undefined;
  next: Due | undefined = undefined;
  readonly message: Message;
  /** The subscription's number for it; part of its ack ids. */
  readonly number: number;
  /** Counts its leases; only the ack id of the last one is in force. */
  lease = 0;
  /** Nacks and expired leases so far. */
  failures = 0;
  state: DeliveryState = "ready";
  consumer: Consumer | undefined = undefined;
  /** For a message with an ordering key: its line, and its place there. */
  line: Line | undefined = undefined;
  position = 0;
  /** An injected duplicate: whatever becomes of it changes nothing. */
  readonly ghost: boolean;
  /** To be duplicated when it is acknowledged. */
  haunted = false;
  readonly #onDue: (delivery: Delivery) => void;

  constructor(message: Message, number: number, onDue: (delivery: Delivery) => void, ghost = false) {
    this.message = message;
    this.number = number;
    this.#onDue = onDue;
    this.ghost = ghost;
  }

  expire(): void {
    this.#onDue(this);
  }
}

/** What a message counts for flow control, in bytes. */
export function sizeOf({ message }: Delivery): number {
  return message.end - message.start;
}

import type { Intake } from "./port.ts";

export interface IntakeOptions {
  /** Short or full name. */
  readonly subscription: string;
  readonly streams: number;
  /** Outstanding at the most, over all streams; a burst that is on its way may exceed both. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** How long acks are gathered into one request. Default 20 ms. */
  readonly ackBatchMs?: number;
  /**
   * How long a message is leased, renewed while it is held: what a killed process held comes again after this time. With less
   * than 30 s the broker may deliver a long backlog twice. 10 to 600; default 60.
   */
  readonly leaseSeconds?: number;
  /** Shortest and longest wait before the stream is opened again. Default 1,000 and 30,000 ms. */
  readonly retryMs?: { readonly min: number; readonly max: number };
}

/** An intake that also says what it holds. */
export interface PubSubIntake extends Intake {
  /** Handed out and not settled. */
  readonly outstandingMessages: number;
  readonly outstandingBytes: number;
}

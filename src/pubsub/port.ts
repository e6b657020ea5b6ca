/** A delivery of one message: the message and the means to settle it, once; later calls do nothing. */
export interface Delivery {
  readonly data: Buffer;
  /** Bytes of the data; cheaper to ask than the data itself. */
  readonly dataBytes: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  readonly publishedAt: Date;
  /** How often the broker has delivered it, from 1; 0 when the subscription has no dead-letter policy. */
  readonly attempt: number;
  /** `performance.now()` when it reached this process. */
  readonly receivedAt: number;
  ack(): void;
  nack(): void;
}

/** What the worker is told while its intake runs. */
export interface IntakeEvents {
  delivery(delivery: Delivery): void;
  /** The stream is open for pulling. */
  opened(): void;
  /** The stream is lost or could not open; the intake retries by itself with backoff. One clear sentence. */
  lost(reason: string): void;
}

/**
 * Pulls from one subscription. Leases are extended while a delivery is not settled; at most `maxMessages` and `maxBytes`
 * are outstanding (a stream's last burst may exceed this).
 */
export interface Intake {
  /** Starts pulling; returns at once. Retries for ever with backoff until `stop`. */
  start(events: IntakeEvents): void;
  /**
   * Stops pulling; deliveries already given out keep their leases. Resolves within 2 s, when the broker knows: only then should
   * deliveries be given back, or they may come again to this process. Idempotent.
   */
  stop(): Promise<void>;
  /** After `stop`: waits until every delivery given out is settled and its ack confirmed or `timeoutMs` is over. */
  close(timeoutMs: number): Promise<void>;
}

/** Publishes to one topic. Safe for concurrent use. */
export interface Publisher {
  /** Resolves with the message id when the broker has the message; rejects with the broker's error. */
  publish(data: Buffer, attributes: Readonly<Record<string, string>>): Promise<string>;
  /** Sends what is buffered and waits for it. */
  close(): Promise<void>;
}

import type { Journal, Published } from "../messages/journal.ts";
import type { Publisher } from "../pubsub/port.ts";
import { PubSubError } from "../pubsub/trouble.ts";
import { CliError } from "./context.ts";

/** How much may be on its way to the broker at once. */
export interface WindowLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** Enough to fill the publisher's requests while the ones before are confirmed, and little to hold in memory. */
export const WINDOW: WindowLimits = { messages: 2_000, bytes: 16 * 1024 * 1024 };

/** A message and the record that it was made from. */
export interface Sending<R> {
  readonly record: R;
  readonly update: Published;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What becomes of the records that were sent. */
export interface WindowEvents<R> {
  confirmed(record: R): void;
  /** The broker refuses this one message for good; others may still pass. */
  refused(record: R, error: PubSubError): void;
}

/**
 * Keeps a bounded number of messages on their way to the broker, and knows up to which record everything is settled.
 * The first trouble that the others would meet too stops it: what is under way ends, nothing else is begun.
 */
export class Window<R extends { readonly number: number }> {
  readonly #publisher: Publisher;
  readonly #limits: WindowLimits;
  readonly #events: WindowEvents<R>;
  readonly #journal: Journal | undefined;
  /** Records sent and not settled, in their order; those that the trouble hit stay. */
  readonly #open = new Set<number>();
  #messages = 0;
  #bytes = 0;
  #last: number;
  #trouble: PubSubError | CliError | undefined;
  #changed: PromiseWithResolvers<void> | undefined;

  /** `settled`: the last record that needs no sending. `journal`: keeps each before it is sent, and stops all when it cannot. */
  constructor(
    publisher: Publisher,
    limits: WindowLimits,
    settled: number,
    events: WindowEvents<R>,
    journal?: Journal,
  ) {
    this.#publisher = publisher;
    this.#limits = limits;
    this.#last = settled;
    this.#events = events;
    this.#journal = journal;
  }

  /** Why nothing more can be sent, if so. */
  get trouble(): PubSubError | CliError | undefined {
    return this.#trouble;
  }

  /** Every record up to this one is confirmed by the broker, or refused. */
  get settledUpTo(): number {
    for (const first of this.#open) {
      return first - 1;
    }
    return this.#last;
  }

  /** Records sent and not settled. */
  get open(): number {
    return this.#open.size;
  }

  /** A record that is not sent: it was refused. Records come in their order. */
  pass(number: number): void {
    this.#last = number;
  }

  /** Sends a record's message as soon as there is room. Resolves when it is on its way, or when there is trouble. */
  async send(sending: Sending<R>): Promise<void> {
    const size = sending.data.length;
    while (this.#trouble === undefined && !this.#hasRoom(size)) {
      await this.#change();
    }
    const { number } = sending.record;
    this.#last = number;
    this.#open.add(number);
    if (this.#trouble === undefined) {
      this.#messages += 1;
      this.#bytes += size;
      void this.#settle(sending);
    }
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    while (this.#messages > 0) {
      await this.#change();
    }
  }

  #hasRoom(size: number): boolean {
    const { messages, bytes } = this.#limits;
    return this.#messages === 0 || (this.#messages < messages && this.#bytes + size <= bytes);
  }

  async #settle({ record, update, data, attributes }: Sending<R>): Promise<void> {
    try {
      const send = () => this.#publisher.publish(data, attributes);
      await (this.#journal === undefined ? send() : this.#journal.publish(update, send));
      this.#open.delete(record.number);
      this.#events.confirmed(record);
    } catch (error) {
      if (error instanceof PubSubError && error.status === "INVALID_ARGUMENT") {
        this.#open.delete(record.number);
        this.#events.refused(record, error);
      } else if (error instanceof PubSubError || error instanceof CliError) {
        this.#trouble ??= error;
      } else {
        throw error;
      }
    } finally {
      this.#messages -= 1;
      this.#bytes -= data.length;
      this.#changed?.resolve();
      this.#changed = undefined;
    }
  }

  /** The next time that a message is settled. */
  #change(): Promise<void> {
    this.#changed ??= Promise.withResolvers();
    return this.#changed.promise;
  }
}

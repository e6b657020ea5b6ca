import type { Delivery, IntakeEvents } from "../../../src/pubsub/port.ts";

/** Keeps what an intake tells, and lets a test wait for it. */
export class Recorder implements IntakeEvents {
  readonly deliveries: Delivery[] = [];
  readonly losses: string[] = [];
  openings = 0;
  readonly #onDelivery: (delivery: Delivery) => void;
  readonly #waiting = new Set<{ readonly holds: () => boolean; readonly done: () => void }>();

  constructor(onDelivery: (delivery: Delivery) => void = () => {}) {
    this.#onDelivery = onDelivery;
  }

  /** The deliveries' data as text. */
  get texts(): string[] {
    return this.deliveries.map((delivery) => delivery.data.toString().trimEnd());
  }

  delivery(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.#onDelivery(delivery);
    this.#wake();
  }

  opened(): void {
    this.openings += 1;
    this.#wake();
  }

  lost(reason: string): void {
    this.losses.push(reason);
    this.#wake();
  }

  /** Resolves as soon as the condition holds; it is looked at after each event. */
  async until(holds: () => boolean): Promise<void> {
    if (!holds()) {
      await new Promise<void>((done) => this.#waiting.add({ holds, done }));
    }
  }

  #wake(): void {
    for (const waiter of this.#waiting) {
      if (waiter.holds()) {
        this.#waiting.delete(waiter);
        waiter.done();
      }
    }
  }
}

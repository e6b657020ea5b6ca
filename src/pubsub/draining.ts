import type { Pull } from "./pull.ts";

/** The pulls that are closed and still have deliveries handed out. */
export class Draining {
  readonly #pulls = new Set<Pull>();

  get messages(): number {
    return this.#sum((pull) => pull.held);
  }

  get bytes(): number {
    return this.#sum((pull) => pull.heldBytes);
  }

  /** Closes a pull and keeps it until it is drained. */
  add(pull: Pull): void {
    this.#pulls.add(pull);
    pull.close();
    void pull.drained.then(() => this.#pulls.delete(pull));
  }

  /** What still arrives goes back to the broker. */
  refuse(): void {
    for (const pull of this.#pulls) {
      pull.refuse();
    }
  }

  giveAsideBack(): void {
    for (const pull of this.#pulls) {
      pull.giveAsideBack();
    }
  }

  giveBack(): void {
    for (const pull of this.#pulls) {
      pull.giveAsideBack();
      pull.giveBack();
    }
  }

  /** Ends all, drained or not. */
  abandon(): void {
    for (const pull of this.#pulls) {
      pull.abandon();
    }
  }

  /** Resolves when all are drained, or when the time is over. */
  async wait(timeoutMs: number): Promise<void> {
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, Math.max(0, timeoutMs));
    await Promise.race([Promise.all([...this.#pulls].map((pull) => pull.drained)), timeout.promise]);
    clearTimeout(timer);
  }

  #sum(count: (pull: Pull) => number): number {
    let sum = 0;
    for (const pull of this.#pulls) {
      sum += count(pull);
    }
    return sum;
  }
}

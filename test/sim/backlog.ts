/** A subscription: counts what came and what was served, oldest first. All counts are whole messages. */
export class Backlog {
  #arrived = 0;
  #served = 0;
  /** Messages by the second of their arrival, and where the oldest that is left stands. */
  readonly #seconds: { readonly at: number; readonly upTo: number }[] = [];
  #oldest = 0;

  get arrived(): number {
    return this.#arrived;
  }

  get served(): number {
    return this.#served;
  }

  get waiting(): number {
    return this.#arrived - this.#served;
  }

  /** Takes messages that came at a second, no earlier than the ones before. */
  arrive(at: number, messages: number): void {
    this.#arrived += messages;
    if (messages > 0) this.#seconds.push({ at, upTo: this.#arrived });
  }

  /** Serves up to so many; says how many there were. */
  serve(most: number): number {
    const served = Math.min(this.waiting, most);
    this.#served += served;
    while (this.#oldest < this.#seconds.length && (this.#seconds[this.#oldest]?.upTo ?? 0) <= this.#served) {
      this.#oldest++;
    }
    return served;
  }

  /** Age of the oldest message that waits, in seconds; 0 if none does. */
  age(now: number): number {
    const oldest = this.#seconds[this.#oldest];
    return oldest === undefined ? 0 : now - oldest.at;
  }
}

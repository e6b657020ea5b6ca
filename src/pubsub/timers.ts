/** One timer a name: setting it again moves it, and all end together. */
export class Timers<Name extends string> {
  readonly #running = new Map<Name, NodeJS.Timeout>();

  set(name: Name, ms: number, run: () => unknown): void {
    clearTimeout(this.#running.get(name));
    const fire = () => {
      this.#running.delete(name);
      void run();
    };
    this.#running.set(name, setTimeout(fire, ms));
  }

  /** Leaves a timer of that name as it is. */
  setUnlessSet(name: Name, ms: number, run: () => unknown): void {
    if (!this.#running.has(name)) {
      this.set(name, ms, run);
    }
  }

  end(name: Name): void {
    clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  clear(): void {
    for (const timer of this.#running.values()) {
      clearTimeout(timer);
    }
    this.#running.clear();
  }
}

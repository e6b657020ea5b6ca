/** How long work may hold the event loop in one of its rounds, in ms. */
const SLICE_MS = 5;

/**
 * Lets short pieces of work take turns with the rest of the process: in each round of the event loop they get a slice, and what
 * does not fit waits for the next one, in its order. So probes are answered in time when more comes than can be done, and
 * a list of a thousand updates holds nobody up. While there is little to do, work is done at once.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #scheduled = false;

  /** What the work gives or throws, now or when its turn has come. */
  run<T>(work: () => T): T | Promise<T> {
    if (this.#waiting.length === 0 && this.#spentMs < SLICE_MS) return this.#timed(work);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  }

  #timed<T>(work: () => T): T {
    const began = performance.now();
    try {
      return work();
    } finally {
      this.#spentMs += performance.now() - began;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#spentMs = 0;
    // What stays waiting has spent the slice, and so has scheduled the next turn.
    while (this.#spentMs < SLICE_MS) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#timed(next);
    }
  }
}

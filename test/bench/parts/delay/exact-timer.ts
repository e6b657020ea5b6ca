import { Worker } from "node:worker_threads";

/**
 * Milliseconds that a wake-up takes from this timer's thread to the event loop; it is set so much earlier. What is left of the
 * error is seen in the round trip that the bench measures.
 */
const HEAD_START_MS = 0.15;

/**
 * Calls back at a time that is exact to some 0.1 ms, where Node's timers know whole milliseconds only and come up to two late: a
 * thread of its own sleeps until then (`Atomics.wait` takes fractions). One time at once; free, set → free when it has called.
 */
export class ExactTimer {
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  readonly #due = new Float64Array(new SharedArrayBuffer(8));
  readonly #thread: Worker;

  constructor(callback: () => void) {
    const workerData = { flag: this.#flag, due: this.#due };
    this.#thread = new Worker(new URL("exact-timer-thread.ts", import.meta.url), { workerData });
    this.#thread.on("message", callback);
  }

  /** `at`: milliseconds of `sharedClock`. Only when it is free. */
  set(at: number): void {
    this.#due[0] = at - HEAD_START_MS;
    Atomics.add(this.#flag, 0, 1);
    Atomics.notify(this.#flag, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

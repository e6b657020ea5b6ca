import { setTimeout as sleep } from "node:timers/promises";

/** Why the intake is paused, or what the worker is not ready for; one sentence, and a word to file it under. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** Bounds of the pause between two probes; jittered. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Whether batches may go to the database.
 *
 * open → closed: a batch met trouble of the environment (`close`). Probes run after pauses that double; the time for which a probe
 * itself has waited counts as pause, so a server that comes back while one hangs is not kept waiting longer.
 * closed → open: a probe found the database able to write.
 * `close` while closed only renews the reason. The pauses start over when a batch has committed (`succeeded`), so a trouble that
 * the probe cannot see does not turn into a busy loop. After `stop` the gate lets nobody through.
 */
export class Gate {
  readonly #probe: () => Promise<Reason | undefined>;
  readonly #changed: (reason: Reason | undefined) => void;
  readonly #stopped = new AbortController();
  #reason: Reason | undefined;
  #opening: Promise<void> | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  /** `probe` tells why not, or undefined when the database can write; it must not throw. `changed` hears of each change. */
  constructor(probe: () => Promise<Reason | undefined>, changed: (reason: Reason | undefined) => void) {
    this.#probe = probe;
    this.#changed = changed;
  }

  /** Why it is closed. */
  get reason(): Reason | undefined {
    return this.#reason;
  }

  /** Resolves with true when open, with false once stopped. */
  async pass(): Promise<boolean> {
    while (this.#opening !== undefined && !this.#stopped.signal.aborted) await this.#opening;
    return !this.#stopped.signal.aborted;
  }

  close(reason: Reason): void {
    this.#tell(reason);
    this.#opening ??= this.#untilOpen();
  }

  succeeded(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Waits for `ms`, jittered by half, or until stopped. */
  async pause(ms: number): Promise<void> {
    await sleep(ms * (0.5 + Math.random()), undefined, { signal: this.#stopped.signal }).catch(() => {});
  }

  async #untilOpen(): Promise<void> {
    for (let probed = 0; !this.#stopped.signal.aborted; ) {
      await this.pause(Math.max(0, this.#pauseMs - probed));
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      const began = performance.now();
      const reason = this.#stopped.signal.aborted ? this.#reason : await this.#probe();
      probed = performance.now() - began;
      if (reason === undefined) break;
      this.#tell(reason);
    }
    this.#opening = undefined;
    if (!this.#stopped.signal.aborted) this.#tell(undefined);
  }

  #tell(reason: Reason | undefined): void {
    const same = this.#reason?.code === reason?.code && this.#reason?.message === reason?.message;
    this.#reason = reason;
    if (!same) this.#changed(reason);
  }
}

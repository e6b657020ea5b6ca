import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What is asked of the bytes of all connections. */
export interface Pace {
  delayMs: number;
  bytesPerSecond: number;
}

/** Bytes that one direction holds at the most, beside what TCP itself keeps. */
const HELD = 256 * 1024;

/** One direction: bytes in, bytes out, in order; later and slower when the pace says so. */
export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #pace: Pace;
  /** An empty chunk stands for the end. */
  readonly #queue: { readonly chunk: Buffer; readonly due: number }[] = [];
  readonly #over = new AbortController();
  #bytes = 0;
  #held = true;
  #passing = false;

  constructor(from: Socket, to: Socket, pace: Pace) {
    this.#from = from;
    this.#to = to;
    this.#pace = pace;
    from.on("data", (chunk: Buffer) => this.#take(chunk));
    from.on("end", () => this.#take(Buffer.alloc(0)));
    from.pause();
  }

  go(): void {
    this.#held = false;
    if (this.#bytes < HELD) this.#from.resume();
    void this.#pass();
  }

  hold(): void {
    this.#held = true;
    this.#from.pause();
  }

  end(): void {
    this.#over.abort();
  }

  #take(chunk: Buffer): void {
    this.#queue.push({ chunk, due: performance.now() + this.#pace.delayMs });
    this.#bytes += chunk.length;
    if (this.#bytes >= HELD) this.#from.pause();
    void this.#pass();
  }

  async #pass(): Promise<void> {
    if (this.#passing) return;
    this.#passing = true;
    for (let next = this.#queue[0]; next !== undefined && !this.#held; next = this.#queue[0]) {
      await this.#wait(next.due - performance.now());
      await this.#write(next.chunk);
      if (this.#over.signal.aborted) return;
    }
    this.#passing = false;
  }

  /** What is written at once, and the pause after it, keep to the bytes of a second. */
  async #write(chunk: Buffer): Promise<void> {
    const { bytesPerSecond } = this.#pace;
    if (this.#held || this.#over.signal.aborted) return;
    const size = Math.max(1, Math.min(chunk.length, Math.floor(bytesPerSecond / 20)));
    this.#replaceFirst(chunk.subarray(size));
    if (chunk.length === 0) this.#to.end();
    else if (!this.#to.write(chunk.subarray(0, size))) await this.#drained();
    await this.#wait((size / bytesPerSecond) * 1_000);
  }

  #replaceFirst(rest: Buffer): void {
    const first = this.#queue.shift();
    if (first === undefined) return;
    this.#bytes -= first.chunk.length - rest.length;
    if (rest.length > 0) this.#queue.unshift({ chunk: rest, due: first.due });
    if (this.#bytes < HELD && !this.#held) this.#from.resume();
  }

  async #drained(): Promise<void> {
    await once(this.#to, "drain", { signal: this.#over.signal }).catch(() => {});
  }

  async #wait(ms: number): Promise<void> {
    if (ms >= 1) await sleep(ms, undefined, { signal: this.#over.signal }).catch(() => {});
  }
}

import { randomUUID } from "node:crypto";
import { jitteredDelay } from "./backoff.ts";
import type { ReceivedMessage } from "./received.ts";
import type { PullCall, Subscriber } from "./subscriber.ts";
import { Timers } from "./timers.ts";

/** What the first request of a stream asks for. */
export interface PullStreamOptions {
  /** Full name. */
  readonly subscription: string;
  readonly leaseSeconds: number;
  /** Sent along this stream and not settled, at the most. */
  readonly messages: number;
  readonly bytes: number;
}

export interface PullStreamEvents {
  received(messages: readonly ReceivedMessage[]): void;
  /** It ended, with a gRPC status; it will be opened again. */
  ended(error: unknown): void;
}

/** Statuses with which a stream ends in the normal course of things, or while the broker is away; any other one is a refusal. */
const USUAL = new Set([0, 1, 4, 8, 10, 13, 14]);

/** Shortest and longest wait before it is opened again. */
const REOPEN_MS = { min: 100, max: 10_000 };
/** One that has lasted so long begins anew with the shortest wait; one that was opened so recently may still be refused. */
const LASTED_MS = 10_000;
const SETTLE_MS = 1_000;
/** How often the broker is told that we are still there, and the time that it has to say the same. */
const PING_MS = 30_000;
const ANSWER_MS = 15_000;

/**
 * One StreamingPull, opened again by itself until it is closed, whatever ended it: open → ended → (a wait that grows) → open.
 * It pings; a broker that has ever answered a ping must go on doing so, or the stream is opened anew (streams are known to fall silent).
 */
export class PullStream {
  readonly #subscriber: Subscriber;
  readonly #options: PullStreamOptions;
  readonly #events: PullStreamEvents;
  readonly #timers = new Timers<"open" | "ping" | "answer">();
  #stream: PullCall | undefined;
  #openedAt = 0;
  #failures = 0;
  #refusedBy: unknown;
  #answersPings = false;
  #paused = false;

  constructor(subscriber: Subscriber, options: PullStreamOptions, events: PullStreamEvents) {
    this.#subscriber = subscriber;
    this.#options = options;
    this.#events = events;
    this.#open();
  }

  /** Why the broker refuses the stream; undefined when it does not, as far as is known. */
  get refusedBy(): unknown {
    const open = this.#stream !== undefined && performance.now() - this.#openedAt > SETTLE_MS;
    return open ? undefined : this.#refusedBy;
  }

  pause(): void {
    this.#paused = true;
    this.#timers.end("answer");
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }

  /** For good; twice does no harm. */
  close(): void {
    this.#timers.clear();
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
  }

  #open(): void {
    const { subscription, leaseSeconds, messages, bytes } = this.#options;
    const stream = this.#subscriber.streamingPull(subscription);
    this.#stream = stream;
    this.#openedAt = performance.now();
    stream.on("data", (messages) => {
      if (stream === this.#stream) this.#received(messages);
    });
    stream.on("error", (error) => this.#ended(stream, error));
    stream.on("end", () => this.#ended(stream, { code: 0 }));
    if (this.#paused) stream.pause();
    stream.write({
      subscription,
      streamAckDeadlineSeconds: leaseSeconds,
      maxOutstandingMessages: messages,
      maxOutstandingBytes: bytes,
      clientId: randomUUID(),
      // The broker answers pings.
      protocolVersion: 1,
    });
    this.#timers.set("ping", PING_MS, () => this.#ping());
  }

  #received(messages: readonly ReceivedMessage[]): void {
    this.#timers.end("answer");
    this.#failures = 0;
    this.#refusedBy = undefined;
    if (messages.length === 0) this.#answersPings = true;
    else this.#events.received(messages);
  }

  #ping(): void {
    this.#timers.set("ping", PING_MS, () => this.#ping());
    this.#stream?.write({});
    if (this.#answersPings && !this.#paused)
      this.#timers.set("answer", ANSWER_MS, () => this.#ended(this.#stream, { code: 4 }));
  }

  #ended(stream: PullCall | undefined, error: unknown): void {
    if (stream === undefined || stream !== this.#stream) return;
    this.close();
    const code = (error as { code?: unknown }).code;
    this.#refusedBy = typeof code === "number" && USUAL.has(code) ? undefined : error;
    if (performance.now() - this.#openedAt > LASTED_MS) this.#failures = 0;
    const wait = jitteredDelay(this.#failures, REOPEN_MS.min, REOPEN_MS.max);
    this.#failures += 1;
    this.#timers.set("open", wait, () => this.#open());
    this.#events.ended(error);
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { jitteredDelay } from "./backoff.ts";
import type { Subscriber } from "./subscriber.ts";
import { statusOf } from "./trouble.ts";

export interface AckRequestOptions {
  /** Full name. */
  readonly subscription: string;
  /** How long acks and nacks are gathered into one request. */
  readonly gatherMs: number;
  /** An ack that could not be sent in this time is given up: the broker has delivered the message again by then. */
  readonly giveUpMs: number;
}

/** In one request: it may have 512 KiB (Google Cloud, "Pub/Sub quotas and limits"), and an id has up to some 200 bytes. */
const MOST_IDS = 2_000;
const MOST_BYTES = 400 * 1_024;

const REQUEST_MS = 10_000;
const RETRY_MS = { min: 100, max: 2_000 };
const TRANSIENT = new Set([
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "INTERNAL",
  "UNKNOWN",
]);

/** `seconds`: the deadline that the messages get; undefined: they are acknowledged. */
interface Request {
  readonly ids: readonly string[];
  readonly seconds: number | undefined;
}

/** What is told to the broker of deliveries: gathered into requests, and sent again while it is away. */
export class AckRequests {
  readonly #subscriber: Subscriber;
  readonly #options: AckRequestOptions;
  readonly #idle: () => void;
  readonly #ended = new AbortController();
  #acks: string[] = [];
  #nacks: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #onTheirWay = 0;

  /** `idle` is called when the broker has been told all. */
  constructor(subscriber: Subscriber, options: AckRequestOptions, idle: () => void) {
    this.#subscriber = subscriber;
    this.#options = options;
    this.#idle = idle;
  }

  /** Nothing is waiting or on its way. */
  get idle(): boolean {
    return this.#onTheirWay === 0 && this.#timer === undefined;
  }

  ack(id: string): void {
    this.#acks.push(id);
    this.#gather(this.#acks.length);
  }

  /** The message may come again at once. */
  nack(id: string): void {
    this.#nacks.push(id);
    this.#gather(this.#nacks.length);
  }

  /** The leases of these last so many seconds from now on; tried for a quarter of the time that an ack is. */
  extend(ids: readonly string[], seconds: number): void {
    const { giveUpMs } = this.#options;
    for (const part of parts(ids)) void this.#send({ ids: part, seconds }, giveUpMs / 4);
  }

  /** Gives up what could not be told; nothing is sent any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#ended.abort();
  }

  #gather(count: number): void {
    if (count >= MOST_IDS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.gatherMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [acks, nacks] = [this.#acks, this.#nacks];
    this.#acks = [];
    this.#nacks = [];
    for (const ids of parts(acks)) void this.#send({ ids, seconds: undefined });
    for (const ids of parts(nacks)) void this.#send({ ids, seconds: 0 });
  }

  /** Never rejects. */
  async #send(request: Request, giveUpMs = this.#options.giveUpMs): Promise<void> {
    this.#onTheirWay += 1;
    const until = performance.now() + giveUpMs;
    let rest = request.ids;
    for (let tries = 0; rest.length > 0 && !this.#ended.signal.aborted; tries += 1) {
      const error = await this.#call({ ...request, ids: rest });
      rest = performance.now() < until ? failed(rest, error) : [];
      if (rest.length > 0) await this.#pause(jitteredDelay(tries, RETRY_MS.min, RETRY_MS.max));
    }
    this.#onTheirWay -= 1;
    if (this.idle) this.#idle();
  }

  async #call({ ids, seconds }: Request): Promise<unknown> {
    const { subscription } = this.#options;
    const [ackIds, options] = [ids as string[], { timeout: REQUEST_MS, retry: null }];
    try {
      if (seconds === undefined) await this.#subscriber.acknowledge({ subscription, ackIds }, options);
      else
        await this.#subscriber.modifyAckDeadline(
          { subscription, ackIds, ackDeadlineSeconds: seconds },
          options,
        );
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#ended.signal }).catch(() => {});
  }
}

/**
 * Those to be sent again. With exactly-once delivery the broker says of each id whether it failed for good (Google Cloud,
 * "Exactly-once delivery": TRANSIENT_FAILURE_…); an id that did is one of a lost lease: the message comes again.
 */
function failed(ids: readonly string[], error: unknown): readonly string[] {
  if (error === undefined) return [];
  const each = (error as { errorInfoMetadata?: Readonly<Record<string, string>> }).errorInfoMetadata;
  if (each !== undefined && Object.keys(each).length > 0)
    return ids.filter((id) => each[id]?.startsWith("TRANSIENT_") === true);
  return TRANSIENT.has(statusOf(error) ?? "") ? ids : [];
}

function* parts(ids: readonly string[]): Iterable<readonly string[]> {
  let [from, bytes] = [0, 0];
  for (const [at, { length }] of ids.entries()) {
    if (at - from >= MOST_IDS || (at > from && bytes + length > MOST_BYTES)) {
      yield ids.slice(from, at);
      [from, bytes] = [at, 0];
    }
    bytes += length + 4;
  }
  if (ids.length > from) yield from === 0 ? ids : ids.slice(from);
}

import { setTimeout as delay } from "node:timers/promises";
import type { PubSub } from "@google-cloud/pubsub";
import { jitteredDelay } from "./backoff.ts";
import type { PubSubClient } from "./client.ts";
import { Draining } from "./draining.ts";
import type { IntakeOptions, PubSubIntake } from "./intake-options.ts";
import type { Delivery, IntakeEvents } from "./port.ts";
import { probe } from "./probe.ts";
import { Pull } from "./pull.ts";
import type { Subscriber } from "./subscriber.ts";
import { Timers } from "./timers.ts";
import { explain, type Resource } from "./trouble.ts";

/** A pull on which nothing has come this long after its opening is open if the broker answers. */
const SETTLE_MS = 300;
/** Time given to a stream to be open again, before the broker is asked. */
const BLIP_MS = 1_000;
/** A stop ends when nothing has come in this time, and within this time anyhow. */
const QUIET_MS = 150;
const LONGEST_QUIET_MS = 1_500;
/** Time for the broker to learn that the streams are closed. */
const CANCEL_MS = 100;
/** With no message in this time the broker is asked whether it is still there: streams are known to fall silent. */
const IDLE_MS = 30_000;

/**
 * Modes: `idle` → start → `opening` → `open` ⇄ `lost`; stop leads from each to `stopped`, for good. The streams are closed a
 * moment after: what the broker has sent already is read and given back, or it would come again only after its lease.
 * - opening: a pull is there, not yet known to work. A message, or a broker that answers after SETTLE_MS: open.
 * - open: streams that end are opened again by the pull, without a word. All refused, or a broker that does not answer: lost.
 * - lost: told once, and again only for another reason. A new pull is opened after a backoff.
 * A pull that is left drains beside the next one. The next one gets the room that is left, and waits for half of all.
 */
export class SubscriptionIntake implements PubSubIntake {
  readonly #options: Required<IntakeOptions>;
  readonly #resource: Resource;
  readonly #api: PubSub;
  readonly #client: PubSubClient;
  readonly #draining = new Draining();
  readonly #timers = new Timers<"open" | "check" | "idle">();
  #events: IntakeEvents | undefined;
  #subscriber: Subscriber | undefined;
  #mode: "idle" | "opening" | "open" | "lost" | "stopped" = "idle";
  #pull: Pull | undefined;
  /** What was said last: "open", or why it is lost. */
  #told: "open" | { readonly lost: string } | undefined;
  /** Pulls in a row that did not last. */
  #failures = 0;
  #openedAt = 0;
  #waitsForRoom = false;
  #ended: Promise<void> | undefined;

  constructor(client: PubSubClient, options: IntakeOptions) {
    this.#options = { ackBatchMs: 20, leaseSeconds: 60, retryMs: { min: 1_000, max: 30_000 }, ...options };
    const { project, address } = client;
    this.#resource = {
      kind: "subscription",
      name: options.subscription,
      project,
      address,
      purpose: "pull from",
    };
    this.#api = client.api;
    this.#client = client;
  }

  get outstandingMessages(): number {
    return this.#draining.messages + (this.#pull?.held ?? 0);
  }

  get outstandingBytes(): number {
    return this.#draining.bytes + (this.#pull?.heldBytes ?? 0);
  }

  start(events: IntakeEvents): void {
    if (this.#mode === "idle") {
      this.#events = events;
      this.#open();
    }
  }

  stop(): Promise<void> {
    this.#mode = "stopped";
    this.#timers.clear();
    this.#pull?.refuse();
    this.#draining.refuse();
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await this.stop();
    // The last of the time belongs to telling the broker what is given back.
    await this.#draining.wait(timeoutMs - Math.min(1_000, timeoutMs / 4));
    this.#draining.giveBack();
    await this.#draining.wait(deadline - performance.now());
    this.#draining.abandon();
    await this.#subscriber?.close();
  }

  /** In this order: what goes back while the streams are open may be sent along them once more, and then waits for its lease. */
  async #end(): Promise<void> {
    await this.#quiet();
    this.#leave();
    await delay(CANCEL_MS);
    this.#draining.giveAsideBack();
  }

  /** Resolves when nothing is on its way any more, as far as can be told. */
  async #quiet(): Promise<void> {
    const deadline = performance.now() + LONGEST_QUIET_MS;
    for (let before = -1; this.#pull !== undefined && this.#pull.received !== before; ) {
      if (performance.now() > deadline) return;
      before = this.#pull.received;
      await delay(QUIET_MS);
    }
  }

  #open(): void {
    const { streams, ackBatchMs, leaseSeconds, subscription, maxMessages, maxBytes } = this.#options;
    const messages = maxMessages - this.#draining.messages;
    const bytes = maxBytes - this.#draining.bytes;
    this.#waitsForRoom = messages < maxMessages / 2 || bytes < maxBytes / 2;
    if (this.#waitsForRoom) {
      return;
    }
    this.#mode = "opening";
    const pull: Pull = new Pull(
      this.#connection(),
      fullName(subscription, this.#client.project),
      { streams, messages, bytes, ackBatchMs, leaseSeconds },
      {
        delivery: (delivery) => this.#deliver(pull, delivery),
        interrupted: () => this.#interrupted(pull),
        failed: (error) => this.#lose(pull, error),
        unable: (error) => this.#renounce(pull, error),
        freed: () => this.#freed(),
      },
    );
    this.#pull = pull;
    this.#timers.set("check", SETTLE_MS, () => this.#check(pull));
  }

  /** One connection for all pulls. */
  #connection(): Subscriber {
    this.#subscriber ??= this.#client.subscriber();
    return this.#subscriber;
  }

  #deliver(pull: Pull, delivery: Delivery): void {
    if (this.#mode === "opening" && pull === this.#pull) {
      this.#opened(pull);
    }
    this.#events?.delivery(delivery);
  }

  #opened(pull: Pull): void {
    this.#mode = "open";
    this.#openedAt = performance.now();
    this.#timers.set("idle", IDLE_MS, () => this.#watchIdle(pull, pull.received));
    if (this.#told !== "open") {
      this.#told = "open";
      this.#events?.opened();
    }
  }

  #watchIdle(pull: Pull, before: number): void {
    this.#timers.set("idle", IDLE_MS, () => this.#watchIdle(pull, pull.received));
    if (pull.received === before) {
      void this.#check(pull);
    }
  }

  /** Asks the broker: an answer opens a pull that is opening, silence loses any. */
  async #check(pull: Pull): Promise<void> {
    const error = await probe(this.#api, this.#options.subscription);
    if (error !== undefined) {
      this.#lose(pull, error);
    } else if (this.#mode === "opening" && pull === this.#pull) {
      this.#opened(pull);
    }
  }

  #interrupted(pull: Pull): void {
    if (pull !== this.#pull || this.#mode === "stopped") return;
    this.#timers.setUnlessSet("check", BLIP_MS, () => this.#check(pull));
  }

  #renounce(pull: Pull, error: unknown): void {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    this.#lose(pull, error);
    subscriber?.close().catch(() => {});
  }

  #lose(pull: Pull, error: unknown): void {
    if (pull !== this.#pull || this.#mode === "stopped") {
      return;
    }
    this.#leave();
    this.#mode = "lost";
    this.#timers.set("open", this.#backoff(), () => this.#open());
    const reason = explain(error, this.#resource);
    // The detail in brackets differs from try to try, by the time that each took.
    const [lost = reason] = reason.split(" (");
    if (typeof this.#told !== "object" || this.#told.lost !== lost) {
      this.#told = { lost };
      this.#events?.lost(reason);
    }
  }

  /** Lets the pull drain, and forgets all that was planned for it. */
  #leave(): void {
    this.#timers.clear();
    const pull = this.#pull;
    if (pull === undefined) {
      return;
    }
    const lasted = this.#openedAt > 0 && performance.now() - this.#openedAt > 2 * this.#options.retryMs.max;
    this.#failures = lasted ? 0 : this.#failures + 1;
    this.#openedAt = 0;
    this.#pull = undefined;
    this.#draining.add(pull);
  }

  #freed(): void {
    if (this.#waitsForRoom && this.#mode !== "stopped") {
      this.#open();
    }
  }

  #backoff(): number {
    const { min, max } = this.#options.retryMs;
    return jitteredDelay(Math.max(0, this.#failures - 1), min, max);
  }
}

function fullName(subscription: string, project: string): string {
  return subscription.startsWith("projects/")
    ? subscription
    : `projects/${project}/subscriptions/${subscription}`;
}

import { EventEmitter, once } from "node:events";
import type { WorkerObserver } from "../worker/observer.ts";

/** Tells a person at a terminal what the worker does, and lets samples wait for their outcome. */
export class DevObserver extends EventEmitter implements WorkerObserver {
  readonly #say: (line: string) => void;
  readonly #counts: WorkerObserver;
  /** The intake is open. */
  open = false;

  /** `counts` hears everything too. */
  constructor(say: (line: string) => void, counts: WorkerObserver) {
    super();
    this.#say = say;
    this.#counts = counts;
  }

  /** The outcome of the next delivery with this idempotency key; a rejection is told by its code. */
  async next(key: string, signal: AbortSignal): Promise<string> {
    const [outcome] = (await once(this, `settled:${key}`, { signal })) as [string];
    return outcome;
  }

  async until(reached: () => boolean, signal: AbortSignal): Promise<void> {
    while (!reached()) await once(this, "changed", { signal });
  }

  committed: WorkerObserver["committed"] = (committed) => {
    this.#counts.committed(committed);
    const { batch, settlements } = committed;
    for (const [i, settlement] of settlements.entries()) {
      const outcome = settlement.outcome === "rejected" ? settlement.rejection.code : settlement.outcome;
      this.emit(`settled:${batch[i]?.decoded.key}`, outcome);
    }
  };
  retried: WorkerObserver["retried"] = (trouble, error) => this.#counts.retried(trouble, error);
  givenBack: WorkerObserver["givenBack"] = (count) => this.#counts.givenBack(count);
  unpublished: WorkerObserver["unpublished"] = (error) => this.#counts.unpublished(error);
  paused: WorkerObserver["paused"] = (reason) => {
    this.#counts.paused(reason);
    if (reason !== undefined && reason.code !== "starting") this.#say(`  paused     ${reason.message}`);
  };
  intake: WorkerObserver["intake"] = (name, reason) => {
    this.#counts.intake(name, reason);
    if (reason !== undefined) this.#say(`  ${name}: ${reason}`);
    else if (name === "updates") this.open = true;
    this.emit("changed");
  };
  purged: WorkerObserver["purged"] = (purged) => this.#counts.purged(purged);
  purgeFailed: WorkerObserver["purgeFailed"] = (error) => this.#counts.purgeFailed(error);
}

import { Kept } from "./kept.ts";
import { type Reason, workerReasons } from "./worker-readiness.ts";

/** What `/readyz` says. */
export interface ReadinessBody {
  readonly ready: boolean;
  readonly reasons: readonly Reason[];
}

export interface ReadinessParts {
  /** Why the broker would not take an update now, in one sentence; undefined: it would. Answers in a second or two, never rejects. */
  readonly broker: () => Promise<string | undefined>;
  /** The worker's health server; undefined: there is none to ask. */
  readonly workerUrl: string | undefined;
}

/** How long an answer of the broker or the worker is good for, in ms: probes may come from many places. */
const KEPT_MS = 2_000;

/**
 * Whether updates can be published through this process: the broker takes them, the worker that belongs to it is ready, and it
 * is not stopping. The database is no part of it: without it updates are published all the same, and the worker, whose
 * readiness counts, says so.
 */
export class Readiness {
  readonly #broker: Kept<readonly Reason[]>;
  readonly #worker: Kept<readonly Reason[]>;
  #stopping = false;

  constructor({ broker, workerUrl }: ReadinessParts) {
    this.#broker = new Kept(async () => brokerReasons(await broker()), KEPT_MS);
    this.#worker = new Kept(
      () => (workerUrl === undefined ? Promise.resolve([]) : workerReasons(workerUrl)),
      KEPT_MS,
    );
  }

  async look(): Promise<ReadinessBody> {
    const found = await Promise.all([this.#broker.get(), this.#worker.get()]);
    const reasons = found.flat();
    if (this.#stopping) reasons.push({ code: "stopping", message: "the sidecar is stopping" });
    return { ready: reasons.length === 0, reasons };
  }

  /** From now on it is not ready. */
  stop(): void {
    this.#stopping = true;
  }
}

function brokerReasons(sentence: string | undefined): readonly Reason[] {
  return sentence === undefined ? [] : [{ code: "broker", message: sentence }];
}

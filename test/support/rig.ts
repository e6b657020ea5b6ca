import { EventEmitter, once } from "node:events";
import { assembleWorker } from "../../src/cli/assemble-worker.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { openPubSub, type PubSubClient } from "../../src/pubsub/client.ts";
import type { PubSubIntake } from "../../src/pubsub/intake-options.ts";
import type { Publisher } from "../../src/pubsub/port.ts";
import { createPublisher } from "../../src/pubsub/publisher.ts";
import { applyTopology } from "../../src/pubsub/topology.ts";
import { openStore } from "../../src/store/open-store.ts";
import { migrateUp } from "../../src/store/migrate.ts";
import type { Store } from "../../src/store/store.ts";
import { registry as shipped } from "../../src/tables/registry.ts";
import type { WorkerObserver } from "../../src/worker/observer.ts";
import type { Worker } from "../../src/worker/worker.ts";
import { broker, database, type Scope, type TestBroker, type TestDatabase } from "./servers.ts";

/** What was told by a worker, and a way to wait for it. */
export class Told extends EventEmitter implements WorkerObserver {
  readonly settled: string[] = [];
  readonly reasons: (string | undefined)[] = [];
  readonly lost: (string | undefined)[] = [];
  readonly batches: number[] = [];
  given = 0;
  retries = 0;
  unpublishedCount = 0;

  committed: WorkerObserver["committed"] = ({ batch, settlements }) => {
    this.batches.push(batch.length);
    for (const one of settlements)
      this.settled.push(one.outcome === "rejected" ? one.rejection.code : one.outcome);
    this.emit("told");
  };
  retried: WorkerObserver["retried"] = () => {
    this.retries += 1;
    this.emit("told");
  };
  givenBack: WorkerObserver["givenBack"] = (count) => {
    this.given += count;
  };
  unpublished: WorkerObserver["unpublished"] = () => {
    this.unpublishedCount += 1;
  };
  paused: WorkerObserver["paused"] = (reason) => {
    this.reasons.push(reason?.message);
    this.emit("told");
  };
  intake: WorkerObserver["intake"] = (name, reason) => {
    if (name === "updates") this.lost.push(reason);
    this.emit("told");
  };
  purged: WorkerObserver["purged"] = () => {};
  purgeFailed: WorkerObserver["purgeFailed"] = () => {};

  /** Resolves as soon as `seen` is true after something has been told; rejects after `timeoutMs`. */
  async until(what: string, seen: () => boolean, timeoutMs = 30_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    while (!seen()) {
      await once(this, "told", { signal }).catch((cause: unknown) => {
        throw new Error(
          `not within ${timeoutMs} ms: ${what}; settled ${this.settled.length}, reasons ${this.reasons}`,
          {
            cause,
          },
        );
      });
    }
  }
}

/** A database, a broker and what a test needs to use them like a user would. */
export interface Rig {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string>>;
  readonly database: TestDatabase;
  readonly broker: TestBroker;
  readonly client: PubSubClient;
  readonly publisher: Publisher;
  /** Opens a store of the test's own. */
  store(): Promise<Store>;
  /** Runs the shipped migrations. */
  migrate(): Promise<void>;
  topology(): Promise<void>;
  /**
   * Makes the emulator deliver all again that is not acknowledged. It may lose sight, for minutes, of what the streams of a
   * process that ended held; Pub/Sub itself delivers that again after its lease.
   */
  redeliver(): Promise<void>;
  /** Publishes updates as JSON; each gets its key. */
  publish(updates: readonly Keyed[]): Promise<void>;
  /** A worker that is started; stopped when the test ends. */
  worker(): { readonly worker: Worker; readonly told: Told; readonly updates: PubSubIntake };
}

export interface Keyed {
  readonly key: string;
  /** An update, or text or bytes that are sent as they are. */
  readonly body: unknown;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A rig; `environment` amends the variables of the configuration, `servers` replaces the run's own. */
export async function rig(
  scope: Scope,
  environment: Readonly<Record<string, string>> = {},
  servers: { readonly database?: TestDatabase; readonly broker?: TestBroker } = {},
): Promise<Rig> {
  const onDatabase = servers.database ?? (await database(scope));
  const onBroker = servers.broker ?? (await broker(scope));
  const variables = { ...onDatabase.environment, ...onBroker.environment, WORKER_PORT: "0", ...environment };
  const { config, faults } = readConfig(variables);
  if (config === undefined) throw new Error(faults.join("; "));
  const client = openPubSub({ project: onBroker.project, emulatorHost: onBroker.host });
  scope.after(() => client.close());
  const publisher = createPublisher(client, config.pubsub.topic);
  const store = async () => {
    const opened = await openStore(onDatabase, shipped, 4);
    scope.after(async () => opened.close());
    return opened;
  };
  return {
    config,
    environment: variables,
    database: onDatabase,
    broker: onBroker,
    client,
    publisher,
    store,
    migrate: async () => {
      const opened = await openStore(onDatabase, shipped, 4);
      const { failure } = (await migrateUp(opened)) as { failure?: unknown };
      await opened.close();
      if (failure !== undefined) throw new Error("migrations failed", { cause: failure });
    },
    topology: async () => {
      await applyTopology(client, config.pubsub);
    },
    redeliver: async () => {
      await client.api.subscription(config.pubsub.subscription).seek(new Date(Date.now() - 3_600_000));
    },
    publish: async (updates) => {
      await Promise.all(
        updates.map(({ key, body, attributes }) =>
          publisher.publish(bytesOf(body), { "idempotency-key": key, ...attributes }),
        ),
      );
    },
    worker: () => {
      const told = new Told();
      const { worker, updates } = assembleWorker(config, shipped, client, told);
      scope.after(() => worker.stop());
      worker.start();
      return { worker, told, updates };
    },
  };
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

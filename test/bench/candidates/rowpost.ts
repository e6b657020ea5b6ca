import { assembleWorker } from "../../../src/cli/assemble-worker.ts";
import { type Config, readConfig } from "../../../src/config.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import type { Delivery, Intake } from "../../../src/pubsub/port.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import type { WorkerObserver } from "../../../src/worker/observer.ts";
import type { Job } from "../job.ts";
import type { Meter } from "../meter.ts";
import { benchTable } from "../table.ts";
import { STREAMS } from "./pull.ts";

/** (d) rowpost as `rowpost worker` runs it, with its defaults but for the number of streams. */
export async function rowpost(job: Job, meter: Meter): Promise<AsyncDisposable> {
  const client = openPubSub({ project: job.pubsub.project, emulatorHost: job.pubsub.host });
  const pulling = Promise.withResolvers<void>();
  const observer = observerOf(meter, pulling.resolve);
  const { worker, updates } = assembleWorker(configOf(job), registryOf([benchTable]), client, observer);
  measureFirst(updates, meter);
  worker.start();
  await pulling.promise;
  return {
    async [Symbol.asyncDispose]() {
      await worker.stop();
      await client.close();
    },
  };
}

function configOf({ database, pubsub }: Job): Config {
  const { config, faults } = readConfig({
    INSTANCE_HOST: database.host,
    DB_PORT: String(database.port),
    DB_USER: database.user,
    DB_PASS: database.password,
    DB_NAME: database.name,
    GOOGLE_CLOUD_PROJECT: pubsub.project,
    PUBSUB_TOPIC: pubsub.topic,
    PUBSUB_SUBSCRIPTION: pubsub.subscription,
    PUBSUB_BACKSTOP_TOPIC: pubsub.backstopTopic,
    PUBSUB_BACKSTOP_SUBSCRIPTION: pubsub.backstopSubscription,
    PUBSUB_STREAMS: String(STREAMS),
  });
  if (config === undefined) throw new Error(faults.join("\n"));
  return config;
}

/** Lets the meter see the first delivery; the worker itself tells of batches only. */
function measureFirst(intake: Intake, meter: Meter): void {
  const start = intake.start.bind(intake);
  intake.start = (events) => {
    const delivery = (one: Delivery) => {
      meter.received();
      events.delivery(one);
    };
    start({ ...events, delivery });
  };
}

/** What ought not to happen in a bench ends it. */
function observerOf(meter: Meter, opened: () => void): WorkerObserver {
  return {
    committed(batch) {
      for (const { delivery } of batch) meter.committed(delivery.receivedAt);
      meter.batch(batch.length);
      meter.settled(batch.length);
    },
    retried: (trouble, error) => console.error(`rowpost: ${trouble}`, error),
    givenBack: () => {},
    unpublished: fail,
    paused: (reason) => {
      if (reason !== undefined && reason.code !== "starting") fail(reason.message);
    },
    intake: (name, reason) => {
      if (reason !== undefined) fail(reason);
      if (name === "updates") opened();
    },
    purged: () => {},
    purgeFailed: fail,
  };
}

function fail(error: unknown): void {
  throw error instanceof Error ? error : new Error(String(error));
}

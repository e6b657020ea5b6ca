import { assembleWorker } from "../../../src/cli/assemble-worker.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import type { Delivery, Intake } from "../../../src/pubsub/port.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { LogLevelSwitch } from "../../../src/telemetry/log-level.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { openHealthServer } from "../../../src/worker/health-server.ts";
import { observe } from "../../../src/worker/observe.ts";
import type { WorkerObserver } from "../../../src/worker/observer.ts";
import { configOf } from "../config-of.ts";
import type { Job } from "../job.ts";
import type { Meter } from "../meter.ts";
import { tables } from "../table.ts";

/**
 * (d) rowpost as `rowpost worker` runs it, metrics and health server included, with its defaults but for the number of
 * streams. Only warnings are logged, to standard error.
 */
export async function rowpost(job: Job, meter: Meter): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const registry = registryOf(tables);
  const log = createLog({ level: "warn", destination: process.stderr });
  const metrics = opening.use(new Metrics({ version: "bench", tables: registry.keys(), process }));
  const client = opening.use(openPubSub({ project: job.pubsub.project, emulatorHost: job.pubsub.host }));
  const pulling = Promise.withResolvers<void>();
  const observer = measured(observe(log, metrics), meter, pulling.resolve);
  const { worker, updates } = assembleWorker(configOf(job), registry, client, observer);
  metrics.read({ queue: () => worker.queue, outstandingMessages: () => updates.outstandingMessages });
  const logLevel = opening.use(new LogLevelSwitch(log));
  const health = { host: "127.0.0.1", port: 0, logLevel, health: () => worker.health };
  opening.use(await openHealthServer({ ...health, metrics: (accept) => metrics.expose(accept) }));
  measureFirst(updates, meter);
  opening.use(worker).start();
  await pulling.promise;
  return opening.move();
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

/** Lets the meter hear what the observer hears. */
function measured(observer: WorkerObserver, meter: Meter, opened: () => void): WorkerObserver {
  return {
    ...observer,
    committed(committed) {
      observer.committed(committed);
      for (const { delivery } of committed.batch) meter.committed(delivery.receivedAt);
      meter.batch(committed.batch.length);
      meter.settled(committed.batch.length);
    },
    retried(trouble, error) {
      observer.retried(trouble, error);
      meter.retried();
    },
    intake(name, reason) {
      observer.intake(name, reason);
      if (name === "updates" && reason === undefined) opened();
    },
  };
}

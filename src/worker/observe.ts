import { databaseError } from "../store/trouble.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { sparing } from "../telemetry/sparing.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import { logBatch } from "./log-batch.ts";
import type { WorkerObserver } from "./observer.ts";
import { traceBatch } from "./trace-batch.ts";

/** Where spans go, and the subscription that is in their names. */
export interface Traced {
  readonly tracing: Tracing;
  readonly subscription: string;
}

/**
 * Counts everything and logs what a person must know: each pause and its end, each loss of the broker, and, at most every
 * 10 s, retries and failures. Never a line a message, unless the log's level is `trace`. With tracing, batches become spans.
 */
export function observe(log: Log, metrics: Metrics, traced?: Traced): WorkerObserver {
  const retried = sparing((error, more) => log.warn({ more, ...facts(error) }, "a batch is tried again"));
  const unpublished = sparing((err, more) => log.warn({ more, err }, UNPUBLISHED));
  return {
    committed(committed) {
      const { batch, settlements, taken, times } = committed;
      metrics.observeBatch(batch, settlements, (times.committed - taken) / 1000);
      logBatch(log, committed);
      if (traced !== undefined) traceBatch(traced.tracing, traced.subscription, committed);
    },
    retried(trouble, error) {
      metrics.countRetry(trouble);
      if (trouble === "transient") retried(error);
    },
    givenBack: (count) => metrics.countGivenBack(count),
    unpublished(error) {
      metrics.countUnpublished();
      unpublished(error);
    },
    paused(reason) {
      metrics.setPaused(reason?.code);
      if (reason === undefined) log.info("the intake is open");
      else log.warn({ reason: reason.code }, `the intake is paused: ${reason.message}`);
    },
    intake(name, reason) {
      metrics.setIntakeOpen(name, reason === undefined);
      if (reason === undefined) log.info({ intake: name }, "pulling");
      else log.warn({ intake: name }, reason);
    },
    purged({ receipts, deadLetters }) {
      metrics.countPurged("receipts", receipts);
      metrics.countPurged("dead_letters", deadLetters);
    },
    purgeFailed(err) {
      metrics.countPurgeFailure();
      log.warn({ err }, "the purge failed; it is tried again at its next turn");
    },
  };
}

const UNPUBLISHED = "a rejected update could not be sent to the dead-letter topic; it will come again";

/** Of a database's error what is safe to log: no SQL, no data beyond the server's own sentence. */
function facts(error: unknown) {
  const { errno, code, message } = databaseError(error);
  return { errno, code, reason: message };
}

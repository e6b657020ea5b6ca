import type { Settlement } from "../apply/outcome.ts";
import { readTraceContext } from "../telemetry/trace-context.ts";
import type { Attributes, Span, Tracing } from "../telemetry/tracing.ts";
import type { Committed } from "./lanes.ts";
import type { Held } from "./waiting.ts";

/**
 * Makes the spans of a committed batch, from the times that were noted: while it is applied, tracing has no part in it.
 * - Each update's `deliver` is part of its publisher's trace, from its arrival to its ack, and links to its batch.
 * - The `batch` is part of the first recorded delivery's trace and links to all others, so one update alone is one trace. Below
 *   it are `lock rows`, `look up receipts`, `write` and `commit`, of the try that succeeded; earlier tries are its events.
 * Names and attributes are those of OpenTelemetry, "Semantic conventions for messaging spans" and its "Google Cloud Pub/Sub",
 * where they have one. Settle the batch before.
 */
export function traceBatch(tracing: Tracing, subscription: string, committed: Committed): void {
  const { batch, settlements } = committed;
  const delivers: Span[] = [];
  for (const [i, held] of batch.entries()) {
    const deliver = startDeliver(tracing, subscription, held);
    if (deliver.recorded) {
      deliver.set(attributesOf(held, settlements[i]));
      delivers.push(deliver);
    }
  }
  const [first] = delivers;
  if (first === undefined) return;
  const batchSpan = startBatch(tracing, first, committed);
  for (const deliver of delivers) {
    if (deliver !== first) batchSpan.link(deliver.context);
    deliver.link(batchSpan.context);
    deliver.end();
  }
  batchSpan.end({ endedAt: committed.times.committed });
}

function startDeliver(tracing: Tracing, subscription: string, { delivery }: Held): Span {
  return tracing.start(`deliver ${subscription}`, {
    kind: "consumer",
    parent: readTraceContext(delivery.attributes),
    startedAt: delivery.receivedAt,
    attributes: {
      "messaging.system": "gcp_pubsub",
      "messaging.operation.name": "deliver",
      "messaging.operation.type": "process",
      "messaging.destination.subscription.name": subscription,
      "messaging.message.id": delivery.messageId,
    },
  });
}

function attributesOf({ delivery, decoded }: Held, settlement: Settlement | undefined): Attributes {
  const rejection = settlement?.outcome === "rejected" ? settlement.rejection : undefined;
  return {
    "messaging.message.body.size": delivery.dataBytes,
    "messaging.gcp_pubsub.message.delivery_attempt": delivery.attempt === 0 ? undefined : delivery.attempt,
    "rowpost.idempotency_key": decoded.key,
    "rowpost.outcome": settlement?.outcome,
    "rowpost.rejection.code": rejection?.code,
    "rowpost.tables": [...new Set(decoded.update?.changes.map(({ table }) => table.name))],
  };
}

function startBatch(tracing: Tracing, first: Span, { batch, taken, times, failures }: Committed): Span {
  const span = tracing.start("batch", {
    kind: "internal",
    parent: first.context,
    startedAt: taken,
    attributes: { "rowpost.batch.size": batch.length, "rowpost.batch.tries": failures.length + 1 },
  });
  for (const { at, error } of failures) {
    span.event(
      "exception",
      { "exception.message": error instanceof Error ? error.message : String(error) },
      at,
    );
  }
  const steps = [
    ["lock rows", times.begun, times.locked],
    ["look up receipts", times.locked, times.looked],
    ["write", times.looked, times.written],
    ["commit", times.written, times.committed],
  ] as const;
  for (const [name, startedAt, endedAt] of steps) {
    const step = tracing.start(name, {
      kind: "client",
      parent: span.context,
      startedAt,
      attributes: { "db.system.name": "mysql", "db.operation.name": name },
    });
    step.end({ endedAt });
  }
  return span;
}

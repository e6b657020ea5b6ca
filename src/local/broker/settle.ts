import { StatusError } from "./status-error.ts";
import type { Settled } from "./deliveries.ts";
import type { Subscription } from "./subscription.ts";

/** Ack ids by what became of them. */
export type SettledIds = ReadonlyMap<Settled, readonly string[]>;

/** How a failed ack id is told to the client: Pub/Sub documentation, "Exactly-once delivery". */
const REASONS: Readonly<Record<Exclude<Settled, "ok">, string>> = {
  invalid: "PERMANENT_FAILURE_INVALID_ACK_ID",
  unordered: "TRANSIENT_FAILURE_UNORDERED_ACK_ID",
  temporary: "TRANSIENT_FAILURE_SERVICE_UNAVAILABLE",
};

export function acknowledgeAll(subscription: Subscription, ackIds: readonly string[]): SettledIds {
  return settle(ackIds, (ackId) => subscription.acknowledge(ackId));
}

/** 0 seconds: a nack. */
export function modifyAll(
  subscription: Subscription,
  ackIds: readonly string[],
  seconds: readonly number[],
): SettledIds {
  return settle(ackIds, (ackId, index) => subscription.modify(ackId, seconds[index] ?? 0));
}

function settle(ackIds: readonly string[], one: (ackId: string, index: number) => Settled): SettledIds {
  const settled = new Map<Settled, string[]>();
  ackIds.forEach((ackId, index) => {
    const result = one(ackId, index);
    const ids = settled.get(result);
    if (ids === undefined) settled.set(result, [ackId]);
    else ids.push(ackId);
  });
  return settled;
}

/** The answer to a unary call of which some ids failed; undefined: none did. */
export function failureOf(settled: SettledIds): StatusError | undefined {
  const reasons = new Map<string, string>();
  for (const [result, ids] of settled) {
    if (result !== "ok") for (const id of ids) reasons.set(id, REASONS[result]);
  }
  const details =
    "Some acknowledgement ids in the request were invalid. This could be because they have expired.";
  return reasons.size === 0 ? undefined : new StatusError("FAILED_PRECONDITION", details, reasons);
}

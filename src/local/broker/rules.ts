import { type Filter, parseFilter } from "./filter.ts";
import { milliseconds, type SubscriptionSettings } from "./settings.ts";

/** A subscription's settings as its deliveries need them. */
export interface Rules {
  readonly filter: Filter | undefined;
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  readonly ackDeadlineMs: number;
  readonly retentionMs: number;
  readonly retainAcked: boolean;
  readonly deadLetter: { readonly topic: string; readonly attempts: number } | undefined;
  /** How long to wait after so many failures one after the other, in milliseconds. */
  backoffMs(failures: number): number;
}

export function rulesOf(settings: SubscriptionSettings): Rules {
  const { deadLetterPolicy, retryPolicy, messageRetentionDuration } = settings;
  const least = retryPolicy?.minimumBackoff ? milliseconds(retryPolicy.minimumBackoff) : 0;
  const most = retryPolicy?.maximumBackoff ? milliseconds(retryPolicy.maximumBackoff) : 0;
  return {
    filter: settings.filter === "" ? undefined : parseFilter(settings.filter),
    ordered: settings.enableMessageOrdering,
    exactlyOnce: settings.enableExactlyOnceDelivery,
    ackDeadlineMs: settings.ackDeadlineSeconds * 1_000,
    retentionMs: messageRetentionDuration ? milliseconds(messageRetentionDuration) : Number.POSITIVE_INFINITY,
    retainAcked: settings.retainAckedMessages,
    deadLetter: deadLetterPolicy
      ? { topic: deadLetterPolicy.deadLetterTopic, attempts: deadLetterPolicy.maxDeliveryAttempts }
      : undefined,
    backoffMs: (failures) =>
      retryPolicy === null ? 0 : Math.min(most, least * 2 ** Math.min(30, failures - 1)),
  };
}

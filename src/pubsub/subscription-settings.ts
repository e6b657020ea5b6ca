import type { protos, SubscriptionMetadata } from "@google-cloud/pubsub";

/** What rowpost decides about a subscription. Topics by their full names. */
export interface SubscriptionSettings {
  readonly topic: string;
  readonly messageRetentionHours: number;
  readonly deadLetter: { readonly topic: string; readonly maxAttempts: number } | undefined;
}

/** Long enough for a batch that waits for its lane; the client extends it while it holds a message. */
const ACK_DEADLINE_SECONDS = 60;
const RETRY = { minimumBackoff: { seconds: 1, nanos: 0 }, maximumBackoff: { seconds: 60, nanos: 0 } };

/** The request that makes a subscription like this. It never expires for want of use: that would lose messages. */
export function subscriptionRequest(wanted: SubscriptionSettings): SubscriptionMetadata {
  const { deadLetter } = wanted;
  return {
    ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
    messageRetentionDuration: { seconds: Math.round(wanted.messageRetentionHours * 3_600), nanos: 0 },
    expirationPolicy: {},
    retryPolicy: RETRY,
    ...(deadLetter === undefined
      ? {}
      : {
          deadLetterPolicy: {
            deadLetterTopic: deadLetter.topic,
            maxDeliveryAttempts: deadLetter.maxAttempts,
          },
        }),
  };
}

/** One setting that is not as wanted: a part for the update request, and words for people. */
export interface Difference {
  readonly patch: SubscriptionMetadata;
  readonly detail: string;
}

/** What differs between a live subscription and the wanted one, of all that can be changed. */
export function differences(
  live: protos.google.pubsub.v1.ISubscription,
  wanted: SubscriptionSettings,
): Difference[] {
  const request = subscriptionRequest(wanted);
  const found: Difference[] = [];
  for (const field of Object.keys(WORDS) as (keyof typeof WORDS)[]) {
    const words = WORDS[field];
    const [was, is] = [words(live), words(request)];
    if (field in request && was !== is) {
      found.push({ patch: { [field]: request[field] }, detail: `${was} → ${is}` });
    }
  }
  return found;
}

interface Described extends Omit<protos.google.pubsub.v1.ISubscription, "messageRetentionDuration"> {
  readonly messageRetentionDuration?: protos.google.protobuf.IDuration | number | null;
}

/** Each setting in words; two settings are the same when their words are. */
const WORDS = {
  ackDeadlineSeconds: (s: Described) => `ack deadline ${s.ackDeadlineSeconds ?? 10} s`,
  messageRetentionDuration: (s: Described) =>
    `message retention ${secondsOf(s.messageRetentionDuration) / 3_600} h`,
  expirationPolicy: (s: Described) => {
    const seconds = secondsOf(s.expirationPolicy?.ttl);
    return seconds === 0 ? "never expires" : `expires after ${seconds / 86_400} idle days`;
  },
  retryPolicy: (s: Described) =>
    s.retryPolicy?.minimumBackoff
      ? `retry ${secondsOf(s.retryPolicy.minimumBackoff)} s to ${secondsOf(s.retryPolicy.maximumBackoff)} s`
      : "retry at once",
  deadLetterPolicy: (s: Described) =>
    s.deadLetterPolicy?.deadLetterTopic
      ? `dead letters to ${s.deadLetterPolicy.deadLetterTopic} after ${s.deadLetterPolicy.maxDeliveryAttempts} deliveries`
      : "no dead letters",
} as const;

/** What stands against using a live subscription and cannot be changed on it, one sentence each. */
export function immutableFaults(
  live: protos.google.pubsub.v1.ISubscription,
  wanted: SubscriptionSettings,
): string[] {
  const faults: string[] = [];
  if (live.topic !== wanted.topic) {
    faults.push(
      `it belongs to topic ${live.topic}, not to ${wanted.topic}, and a subscription cannot change its topic`,
    );
  }
  if (live.detached === true) {
    faults.push("it is detached from its topic, which cannot be undone");
  }
  if (live.pushConfig?.pushEndpoint) {
    faults.push(`it pushes to ${live.pushConfig.pushEndpoint}, and rowpost pulls`);
  }
  if (live.bigqueryConfig || live.cloudStorageConfig || live.bigtableConfig) {
    faults.push("it exports to another service, and rowpost pulls");
  }
  return faults;
}

/** Seconds of a protobuf Duration; 0 when there is none. */
export function secondsOf(duration: protos.google.protobuf.IDuration | number | null | undefined): number {
  if (typeof duration === "number") {
    return duration;
  }
  return Number(duration?.seconds ?? 0) + (duration?.nanos ?? 0) / 1e9;
}

import { type StatusName, StatusError, invalid } from "./status-error.ts";

/** google.protobuf.Duration */
export interface Duration {
  readonly seconds: number;
  readonly nanos: number;
}

/** What of google.pubsub.v1.Subscription means something here; the rest is kept as it was given. */
export interface SubscriptionSettings {
  readonly name: string;
  readonly topic: string;
  readonly ackDeadlineSeconds: number;
  readonly retainAckedMessages: boolean;
  readonly messageRetentionDuration: Duration | null;
  readonly enableMessageOrdering: boolean;
  readonly enableExactlyOnceDelivery: boolean;
  readonly expirationPolicy: { readonly ttl: Duration | null } | null;
  readonly filter: string;
  readonly deadLetterPolicy: {
    readonly deadLetterTopic: string;
    readonly maxDeliveryAttempts: number;
  } | null;
  readonly retryPolicy: {
    readonly minimumBackoff: Duration | null;
    readonly maximumBackoff: Duration | null;
  } | null;
  readonly pushConfig: { readonly pushEndpoint: string } | null;
  readonly bigqueryConfig: unknown;
  readonly cloudStorageConfig: unknown;
  readonly bigtableConfig: unknown;
  readonly messageTransforms: readonly unknown[];
  readonly detached: boolean;
  readonly state: string;
}

/** What of google.pubsub.v1.Topic means something here. */
export interface TopicSettings {
  readonly name: string;
  readonly messageRetentionDuration: Duration | null;
  readonly schemaSettings: SchemaSettings | null;
  readonly messageTransforms: readonly unknown[];
  readonly ingestionDataSourceSettings: unknown;
  readonly state: string;
}

export interface SchemaSettings {
  readonly schema: string;
  readonly encoding: "ENCODING_UNSPECIFIED" | "JSON" | "BINARY";
  readonly firstRevisionId: string;
  readonly lastRevisionId: string;
}

const DAY_S = 86_400;

export function milliseconds({ seconds, nanos }: Duration): number {
  return seconds * 1_000 + nanos / 1e6;
}

/** Completes and checks a subscription: the limits are those of its proto's comments. */
export function checkSubscription(given: SubscriptionSettings): SubscriptionSettings {
  const { retryPolicy, deadLetterPolicy } = given;
  refuseOther(given);
  const settings: SubscriptionSettings = {
    ...given,
    ackDeadlineSeconds: given.ackDeadlineSeconds || 10,
    messageRetentionDuration: given.messageRetentionDuration ?? { seconds: 7 * DAY_S, nanos: 0 },
    expirationPolicy: given.expirationPolicy ?? { ttl: { seconds: 31 * DAY_S, nanos: 0 } },
    retryPolicy: retryPolicy && {
      minimumBackoff: retryPolicy.minimumBackoff ?? { seconds: 10, nanos: 0 },
      maximumBackoff: retryPolicy.maximumBackoff ?? { seconds: 600, nanos: 0 },
    },
    deadLetterPolicy: deadLetterPolicy && {
      ...deadLetterPolicy,
      maxDeliveryAttempts: deadLetterPolicy.maxDeliveryAttempts || 5,
    },
  };
  within("ack_deadline_seconds", settings.ackDeadlineSeconds, 10, 600);
  checkRetention(settings.messageRetentionDuration);
  if (settings.expirationPolicy?.ttl)
    within("expiration_policy.ttl", settings.expirationPolicy.ttl.seconds, DAY_S, 1e11);
  if (settings.deadLetterPolicy)
    within("max_delivery_attempts", settings.deadLetterPolicy.maxDeliveryAttempts, 5, 100);
  checkRetryPolicy(settings.retryPolicy);
  return settings;
}

/** 10 minutes to 31 days, of a topic and of a subscription. */
export function checkRetention(duration: Duration | null): void {
  if (duration !== null)
    within("message_retention_duration", milliseconds(duration) / 1_000, 600, 31 * DAY_S);
}

function checkRetryPolicy(policy: SubscriptionSettings["retryPolicy"]): void {
  if (!policy?.minimumBackoff || !policy.maximumBackoff) return;
  const [least, most] = [milliseconds(policy.minimumBackoff), milliseconds(policy.maximumBackoff)];
  within("minimum_backoff", least / 1_000, 0, 600);
  within("maximum_backoff", most / 1_000, 0, 600);
  if (least > most) throw invalid("The minimum_backoff must not be longer than the maximum_backoff.");
}

function refuseOther(settings: SubscriptionSettings): void {
  const { pushConfig, bigqueryConfig, cloudStorageConfig, bigtableConfig, messageTransforms } = settings;
  if (pushConfig?.pushEndpoint) throw notHere("push subscriptions");
  if (bigqueryConfig ?? cloudStorageConfig ?? bigtableConfig) throw notHere("export subscriptions");
  if (messageTransforms.length > 0) throw notHere("message transforms");
}

/** What Pub/Sub has and this broker does not. */
export function notHere(what: string): StatusError {
  return new StatusError("UNIMPLEMENTED" satisfies StatusName, `The built-in broker has no ${what}.`);
}

function within(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw invalid(`${name} must be from ${least} to ${most} and is ${value}.`);
}

/**
 * `settings` with those members of `given` that the mask names ("retry_policy.minimum_backoff" names one within another).
 * Throws INVALID_ARGUMENT for an empty mask, and for a path that is not of `changeable`.
 */
export function withMask<T extends object>(
  settings: T,
  given: T,
  paths: readonly string[],
  changeable: readonly string[],
): T {
  if (paths.length === 0) throw invalid("The update_mask in the request must be set and not empty.");
  let changed = settings;
  for (const path of paths) {
    const [first = "", second] = path.split(".").map(camelCase);
    if (!changeable.includes(first)) throw invalid(`Invalid update_mask provided in the request: "${path}".`);
    const value: unknown = Reflect.get(given, first);
    if (second === undefined) {
      changed = { ...changed, [first]: value };
    } else {
      const inner = Reflect.get(Object(value), second) ?? null;
      changed = { ...changed, [first]: { ...Object(Reflect.get(changed, first)), [second]: inner } };
    }
  }
  return changed;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

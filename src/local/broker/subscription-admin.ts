import { page, type PageRequest } from "./page.ts";
import { checkName } from "./resource-name.ts";
import type { Resources } from "./resources.ts";
import { checkSubscription, milliseconds, notHere, type SubscriptionSettings, withMask } from "./settings.ts";
import { invalid, notFound, StatusError } from "./status-error.ts";
import type { Subscription } from "./subscription.ts";

const CHANGEABLE = [
  "ackDeadlineSeconds",
  "retainAckedMessages",
  "messageRetentionDuration",
  "labels",
  "expirationPolicy",
  "deadLetterPolicy",
  "retryPolicy",
  "enableExactlyOnceDelivery",
  "pushConfig",
  "messageTransforms",
];

export interface UpdateSubscription {
  readonly subscription: SubscriptionSettings | null;
  readonly updateMask: { readonly paths: readonly string[] } | null;
}

export interface Seek {
  readonly subscription: string;
  readonly time?: { readonly seconds: number; readonly nanos: number } | null;
}

/** A subscription as it is told: with the retention of its topic. */
export function describeSubscription({ topics }: Resources, { settings }: Subscription): object {
  const retention = topics.get(settings.topic)?.settings.messageRetentionDuration ?? null;
  return { ...settings, topicMessageRetentionDuration: retention };
}

export function createSubscription(resources: Resources, given: SubscriptionSettings): object {
  checkName("subscriptions", given.name);
  if (resources.subscriptions.has(given.name))
    throw new StatusError(
      "ALREADY_EXISTS",
      `Resource already exists in the project (resource=${given.name}).`,
    );
  const pushConfig = given.pushConfig ?? { pushEndpoint: "" };
  const settings = checkSubscription({ ...given, pushConfig, detached: false, state: "ACTIVE" });
  checkDeadLetterTopic(resources, settings);
  return describeSubscription(resources, resources.subscribe(settings));
}

export function updateSubscription(
  resources: Resources,
  { subscription: given, updateMask }: UpdateSubscription,
): object {
  if (given === null) throw invalid("The subscription must be set.");
  const subscription = resources.subscription(given.name);
  const paths = updateMask?.paths ?? [];
  const settings = checkSubscription(withMask(subscription.settings, given, paths, CHANGEABLE));
  checkDeadLetterTopic(resources, settings);
  subscription.settings = settings;
  return describeSubscription(resources, subscription);
}

function checkDeadLetterTopic({ topics }: Resources, { deadLetterPolicy }: SubscriptionSettings): void {
  const name = deadLetterPolicy?.deadLetterTopic;
  if (name !== undefined && !topics.has(name)) throw notFound(name);
}

export function listSubscriptions(
  resources: Resources,
  request: { readonly project: string } & PageRequest,
): object {
  const ours = [...resources.subscriptions.values()].filter(({ settings }) =>
    settings.name.startsWith(`${request.project}/`),
  );
  const { items, nextPageToken } = page(ours, request);
  return { subscriptions: items.map((one) => describeSubscription(resources, one)), nextPageToken };
}

/** Its messages are dropped, and whoever pulls is told that it is not there. */
export function deleteSubscription(resources: Resources, name: string): object {
  const subscription = resources.subscription(name);
  resources.subscriptions.delete(name);
  for (const topic of resources.topics.values()) topic.subscriptions.delete(subscription);
  subscription.close(notFound(name));
  return {};
}

/** Its messages are dropped, and whoever pulls is told that nothing will come. */
export function detachSubscription(resources: Resources, name: string): object {
  const subscription = resources.subscription(name);
  for (const topic of resources.topics.values()) topic.subscriptions.delete(subscription);
  subscription.settings = { ...subscription.settings, detached: true };
  subscription.close(detached(name));
  return {};
}

/** The subscription, if it may be pulled. */
export function pullableSubscription(resources: Resources, name: string): Subscription {
  const subscription = resources.subscription(name);
  if (subscription.settings.detached) throw detached(name);
  return subscription;
}

function detached(name: string): StatusError {
  return new StatusError("FAILED_PRECONDITION", `Subscription ${name} is detached.`);
}

/** What was published before the time is acknowledged then, and what was published since is not. */
export function seekSubscription(resources: Resources, { subscription: name, time }: Seek): object {
  const subscription = resources.subscription(name);
  if (time == null) throw notHere("snapshots");
  const ms = milliseconds(time);
  const retained = resources.topics.get(subscription.settings.topic)?.retained() ?? [];
  subscription.seek(({ block }) => block.publishedAt < ms, retained);
  return {};
}

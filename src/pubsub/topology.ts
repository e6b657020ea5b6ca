import type { protos } from "@google-cloud/pubsub";
import {
  type AppliedSchema,
  applySchema,
  attachSchema,
  settingsOf,
  type WantedSchema,
} from "./apply-schema.ts";
import { ADMIN_CALL, attempt, attemptToCreate, attemptToFind } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import {
  differences,
  immutableFaults,
  type SubscriptionSettings,
  subscriptionRequest,
} from "./subscription-settings.ts";
import { nameOf, type Resource } from "./trouble.ts";
import { wantedTopology } from "./wanted-topology.ts";

/** The topics and subscriptions of one rowpost, by short or full names. */
export interface TopologyConfig {
  readonly topic: string;
  readonly subscription: string;
  readonly backstopTopic: string;
  readonly backstopSubscription: string;
  readonly maxDeliveryAttempts: number;
  readonly deadLetterTopic: string | undefined;
  readonly messageRetentionHours: number;
}

export interface TopologyChange {
  /** `subscription "updates-worker" in project "p"` */
  readonly resource: string;
  readonly action: "created" | "updated" | "unchanged";
  readonly detail: string;
}

export interface TopologyResult {
  readonly changes: readonly TopologyChange[];
  /** What is not as it must be and cannot be changed, with what to do, one sentence each. */
  readonly faults: readonly string[];
}

/**
 * Makes the topics and subscriptions be as `config` says: creates what is missing, updates what differs. Running it again
 * changes nothing. With a `schema` the topic of the updates gets it too; without one, a schema that it has stays. Rejects with a PubSubError when Pub/Sub does not answer or refuses.
 */
export async function applyTopology(
  client: PubSubClient,
  config: TopologyConfig,
  schema?: WantedSchema,
): Promise<TopologyResult> {
  const { topics, subscriptions } = wantedTopology(client, config);
  const changes: TopologyChange[] = [];
  const faults: string[] = [];
  const note = (applied: AppliedSchema) =>
    "fault" in applied ? faults.push(applied.fault) : changes.push(applied.change);
  if (schema !== undefined) note(await applySchema(client, schema));
  // What could not be made is attached to nothing.
  const usable = faults.length === 0 ? schema : undefined;
  for (const [index, topic] of topics.entries()) {
    note(await applyTopic(client, topic, index === 0 ? usable : undefined));
  }
  for (const [name, wanted] of subscriptions) {
    const result = await applySubscription(client, name, wanted);
    changes.push(...result.changes);
    faults.push(...result.faults);
  }
  return { changes, faults };
}

function resourceOf(client: PubSubClient, kind: Resource["kind"], name: string): Resource {
  return { kind, name, project: client.project, address: client.address, purpose: "look after" };
}

async function applyTopic(
  client: PubSubClient,
  name: string,
  schema: WantedSchema | undefined,
): Promise<AppliedSchema> {
  const resource = resourceOf(client, "topic", name);
  const what = nameOf(resource);
  const read = () => client.api.topic(name).getMetadata(ADMIN_CALL);
  let found = await attemptToFind(resource, read);
  if (found === undefined) {
    const request = { name, ...(schema === undefined ? {} : settingsOf(client, schema)) };
    if (await attemptToCreate(resource, () => client.api.createTopic(request, ADMIN_CALL))) {
      const detail = schema === undefined ? "new" : `new, with its schema in ${schema.encoding ?? "JSON"}`;
      return { change: { resource: what, action: "created", detail } };
    }
    found = await attempt(resource, read);
  }
  return schema === undefined
    ? { change: { resource: what, action: "unchanged", detail: "exists" } }
    : attachSchema(client, name, found[0], schema);
}

interface Applied {
  readonly changes: readonly TopologyChange[];
  readonly faults: readonly string[];
}

async function applySubscription(
  client: PubSubClient,
  name: string,
  wanted: SubscriptionSettings,
): Promise<Applied> {
  const resource = resourceOf(client, "subscription", name);
  const subscription = client.api.subscription(name);
  const read = () => subscription.getMetadata(ADMIN_CALL);
  let found = await attemptToFind(resource, read);
  if (found === undefined) {
    const options = { ...subscriptionRequest(wanted), gaxOpts: ADMIN_CALL };
    if (await attemptToCreate(resource, () => client.api.createSubscription(wanted.topic, name, options))) {
      const detail = `on ${wanted.topic}`;
      return { changes: [{ resource: nameOf(resource), action: "created", detail }], faults: [] };
    }
    found = await attempt(resource, read);
  }
  return updateSubscription(client, resource, found[0] as protos.google.pubsub.v1.ISubscription, wanted);
}

async function updateSubscription(
  client: PubSubClient,
  resource: Resource,
  live: protos.google.pubsub.v1.ISubscription,
  wanted: SubscriptionSettings,
): Promise<Applied> {
  const what = nameOf(resource);
  const faults = immutableFaults(live, wanted).map(
    (fault) => `${what} cannot be used: ${fault}. Delete it (its messages are lost) or name another one.`,
  );
  if (faults.length > 0) {
    return { changes: [], faults };
  }
  const differing = differences(live, wanted);
  const detail = differing.map((difference) => difference.detail).join(", ");
  if (differing.length === 0) {
    return { changes: [{ resource: what, action: "unchanged", detail: "as configured" }], faults };
  }
  const patch = Object.assign({}, ...differing.map((difference) => difference.patch));
  await attempt(resource, () => client.api.subscription(resource.name).setMetadata(patch, ADMIN_CALL));
  return { changes: [{ resource: what, action: "updated", detail }], faults };
}

import type { protos } from "@google-cloud/pubsub";
import { ADMIN_CALL, attemptToFind } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import { type AttachedSchema, attachedSchema, DELETED_SCHEMA, readSchema } from "./live-schema.ts";
import { recordOf, relationOf } from "./schema-definition.ts";
import { differences, immutableFaults, type SubscriptionSettings } from "./subscription-settings.ts";
import type { TopologyConfig } from "./topology.ts";
import type { Resource } from "./trouble.ts";
import { wantedTopology } from "./wanted-topology.ts";

/** One topic, subscription or topic's schema as it is, against what it should be. */
export interface DescribedResource {
  readonly kind: "topic" | "subscription" | "schema";
  /** The full name. */
  readonly name: string;
  readonly state: "as configured" | "differs" | "missing";
  /** What differs: `is → should be`; or why it cannot be used; of a schema also its encoding and revision. */
  readonly details: readonly string[];
}

/**
 * Reads the topics and subscriptions of a configuration, and the schemas of topics that have one: that of the updates should
 * be `definition`. Changes nothing. Rejects with a PubSubError.
 */
export async function describeTopology(
  client: PubSubClient,
  config: TopologyConfig,
  definition: string,
): Promise<DescribedResource[]> {
  const { topics, subscriptions } = wantedTopology(client, config);
  const described: DescribedResource[] = [];
  for (const [index, topic] of topics.entries()) {
    const resource = resourceOf(client, "topic", topic);
    const found = await attemptToFind(resource, () => client.api.topic(topic).getMetadata(ADMIN_CALL));
    described.push({ kind: "topic", name: topic, state: found ? "as configured" : "missing", details: [] });
    const schema = index === 0 && found !== undefined ? attachedSchema(found[0]) : undefined;
    if (schema !== undefined) described.push(await describeSchema(client, schema, definition));
  }
  for (const [name, wanted] of subscriptions) described.push(await describe(client, name, wanted));
  return described;
}

async function describeSchema(
  client: PubSubClient,
  { name, encoding }: AttachedSchema,
  definition: string,
): Promise<DescribedResource> {
  const live = name === DELETED_SCHEMA ? undefined : await readSchema(client, name, "read", ADMIN_CALL);
  if (live === undefined) {
    return { kind: "schema", name, state: "missing", details: ["the topic takes no message without it"] };
  }
  const details = [`messages in ${encoding ?? "an unknown encoding"}, revision ${live.revision}`];
  const relation = live.avro ? relationOf(live.definition, definition) : "other";
  if (relation === "other") details.push(`it is not one of updates (${recordOf(live.definition)})`);
  else if (relation !== "same") details.push("its text is not that of this version: topology apply --schema");
  const state = relation === "same" && encoding !== undefined ? "as configured" : "differs";
  return { kind: "schema", name, state, details };
}

async function describe(
  client: PubSubClient,
  shortName: string,
  wanted: SubscriptionSettings,
): Promise<DescribedResource> {
  const subscription = client.api.subscription(shortName);
  const { name } = subscription;
  const resource = resourceOf(client, "subscription", name);
  const found = await attemptToFind(resource, () => subscription.getMetadata(ADMIN_CALL));
  if (found === undefined) return { kind: "subscription", name, state: "missing", details: [] };
  const live = found[0] as protos.google.pubsub.v1.ISubscription;
  const details = [
    ...immutableFaults(live, wanted),
    ...differences(live, wanted).map(({ detail }) => detail),
  ];
  return { kind: "subscription", name, state: details.length === 0 ? "as configured" : "differs", details };
}

function resourceOf(client: PubSubClient, kind: Resource["kind"], name: string): Resource {
  return { kind, name, project: client.project, address: client.address, purpose: "read" };
}

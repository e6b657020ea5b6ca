import type { protos } from "@google-cloud/pubsub";
import { ADMIN_CALL, attemptToFind } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import { differences, immutableFaults, type SubscriptionSettings } from "./subscription-settings.ts";
import type { TopologyConfig } from "./topology.ts";
import type { Resource } from "./trouble.ts";
import { wantedTopology } from "./wanted-topology.ts";

/** One topic or subscription as it is, against what the configuration says. */
export interface DescribedResource {
  readonly kind: "topic" | "subscription";
  /** The full name. */
  readonly name: string;
  readonly state: "as configured" | "differs" | "missing";
  /** What differs: `is → should be`; or why it cannot be used. */
  readonly details: readonly string[];
}

/** Reads the topics and subscriptions of a configuration, changing nothing. Rejects with a PubSubError. */
export async function describeTopology(
  client: PubSubClient,
  config: TopologyConfig,
): Promise<DescribedResource[]> {
  const { topics, subscriptions } = wantedTopology(client, config);
  const described: DescribedResource[] = [];
  for (const topic of topics) {
    const resource = resourceOf(client, "topic", topic);
    const found = await attemptToFind(resource, () => client.api.topic(topic).getMetadata(ADMIN_CALL));
    described.push({ kind: "topic", name: topic, state: found ? "as configured" : "missing", details: [] });
  }
  for (const [name, wanted] of subscriptions) described.push(await describe(client, name, wanted));
  return described;
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

import type { PubSubClient } from "./client.ts";
import type { TopologyConfig } from "./topology.ts";

/** One right on one topic or subscription, by its full name. */
export interface Grant {
  readonly kind: "topic" | "subscription";
  readonly name: string;
  readonly role: string;
}

/**
 * The two grants without which a dead-letter policy does nothing: Pub/Sub's own service agent must publish to the
 * dead-letter topic and acknowledge on the subscription (Google Cloud documentation, "Handle message failures").
 */
export function deadLetterGrants(
  client: PubSubClient,
  config: Pick<TopologyConfig, "subscription" | "backstopTopic">,
): readonly Grant[] {
  return [
    { kind: "topic", name: client.api.topic(config.backstopTopic).name, role: "roles/pubsub.publisher" },
    {
      kind: "subscription",
      name: client.api.subscription(config.subscription).name,
      role: "roles/pubsub.subscriber",
    },
  ];
}

/** The project whose service agent moves the messages: the subscription's, which a full name may bring along. */
export function agentProject(
  client: PubSubClient,
  { subscription }: { readonly subscription: string },
): string {
  return /^projects\/([^/]+)\//.exec(subscription)?.[1] ?? client.project;
}

/** Pub/Sub's service agent of the project with this number, as a member of a policy (same page). */
export function serviceAgent(projectNumber: string): string {
  return `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
}

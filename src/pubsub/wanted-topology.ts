import type { PubSubClient } from "./client.ts";
import type { SubscriptionSettings } from "./subscription-settings.ts";
import type { TopologyConfig } from "./topology.ts";

/** The topics, by full names, and the subscriptions, by the names given, in the order in which they are made. */
export interface WantedTopology {
  readonly topics: readonly string[];
  readonly subscriptions: readonly (readonly [name: string, settings: SubscriptionSettings])[];
}

/** What a configuration asks for. Sends nothing. */
export function wantedTopology(client: PubSubClient, config: TopologyConfig): WantedTopology {
  const full = (topic: string) => client.api.topic(topic).name;
  const topics = [config.topic, config.backstopTopic, config.deadLetterTopic].filter(
    (name) => name !== undefined,
  );
  const { messageRetentionHours } = config;
  const backstop = { topic: full(config.backstopTopic), messageRetentionHours, deadLetter: undefined };
  const deadLetter = { topic: backstop.topic, maxAttempts: config.maxDeliveryAttempts };
  const main = { topic: full(config.topic), messageRetentionHours, deadLetter };
  return {
    topics: [...new Set(topics.map(full))],
    subscriptions: [
      [config.backstopSubscription, backstop],
      [config.subscription, main],
    ],
  };
}

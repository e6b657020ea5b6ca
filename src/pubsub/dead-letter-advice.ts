import type { PubSubClient } from "./client.ts";

/**
 * The two grants without which a dead-letter policy does nothing: Pub/Sub's own service agent must publish to the
 * dead-letter topic and acknowledge on the subscription (Google Cloud documentation, "Handle message failures").
 * Commands for a shell; names may be short or full.
 */
export function deadLetterAdvice(
  client: PubSubClient,
  subscription: string,
  deadLetterTopic: string,
): string[] {
  const { project, api } = client;
  const number = `$(gcloud projects describe ${project} --format='value(projectNumber)')`;
  const agent = `--member="serviceAccount:service-${number}@gcp-sa-pubsub.iam.gserviceaccount.com"`;
  const topicName = api.topic(deadLetterTopic).name;
  const subscriptionName = api.subscription(subscription).name;
  return [
    `gcloud pubsub topics add-iam-policy-binding ${topicName} ${agent} --role=roles/pubsub.publisher`,
    `gcloud pubsub subscriptions add-iam-policy-binding ${subscriptionName} ${agent} --role=roles/pubsub.subscriber`,
  ];
}

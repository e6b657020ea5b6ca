import type { protos } from "@google-cloud/pubsub";
import { ADMIN_CALL } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import { secondsOf } from "./subscription-settings.ts";
import { explain } from "./trouble.ts";

/** What the live subscription says of itself, or why it cannot be asked, in one sentence. */
export type SubscriptionDescription =
  | {
      readonly known: true;
      /** How long a message that is not acknowledged is kept, and an acknowledged one if those are retained. */
      readonly messageRetentionHours: number;
      /** How far back a seek can bring acknowledged messages again; 0 when the topic retains none. */
      readonly topicRetentionHours: number;
    }
  | { readonly known: false; readonly reason: string };

/**
 * Reads the subscription; needs roles/pubsub.viewer, which a worker's account may lack. Missing, forbidden and
 * unreachable (15 s) are values, not errors.
 */
export async function describeSubscription(
  client: PubSubClient,
  subscription: string,
): Promise<SubscriptionDescription> {
  try {
    const [metadata] = await client.api.subscription(subscription).getMetadata(ADMIN_CALL);
    const live = metadata as protos.google.pubsub.v1.ISubscription;
    return {
      known: true,
      messageRetentionHours: secondsOf(live.messageRetentionDuration) / 3_600,
      topicRetentionHours: secondsOf(live.topicMessageRetentionDuration) / 3_600,
    };
  } catch (error) {
    const { project, address } = client;
    const resource = { kind: "subscription", name: subscription, project, address, purpose: "read" } as const;
    return { known: false, reason: explain(error, resource) };
  }
}

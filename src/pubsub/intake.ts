import type { PubSubClient } from "./client.ts";
import type { IntakeOptions, PubSubIntake } from "./intake-options.ts";
import { SubscriptionIntake } from "./subscription-intake.ts";

/**
 * An intake on the official client's gRPC layer, with a connection of its own, which `close` closes. Leases are extended up to a week
 * while a delivery is not settled, so an outage of the database holds messages and spends no attempts.
 */
export function createIntake(client: PubSubClient, options: IntakeOptions): PubSubIntake {
  return new SubscriptionIntake(client, options);
}

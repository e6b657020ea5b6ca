import type { PubSubClient } from "./client.ts";
import type { IntakeOptions, PubSubIntake } from "./intake-options.ts";
import { SubscriptionIntake } from "./subscription-intake.ts";

/**
 * An intake on the official client, with a connection of its own, which `close` closes. Leases last 60 s, extended up
 * to 60 minutes while a delivery is not settled, so an outage of the database holds messages and spends no attempts.
 *
 * What the broker had sent and this process had not yet read when it stopped, a burst at the most, comes again only after
 * the 60 s of its lease: the client offers no way to give it back.
 */
export function createIntake(client: PubSubClient, options: IntakeOptions): PubSubIntake {
  return new SubscriptionIntake(client, options);
}

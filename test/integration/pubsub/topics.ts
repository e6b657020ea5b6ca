import { openPubSub, type PubSubClient } from "../../../src/pubsub/client.ts";
import type { Scope, TestBroker } from "../../support/servers.ts";

/** A client of the test's broker, closed when the scope ends. */
export function clientOf(
  scope: Scope,
  { project, host }: Pick<TestBroker, "project" | "host">,
): PubSubClient {
  const client = openPubSub({ project, emulatorHost: host });
  scope.after(() => client.close());
  return client;
}

let made = 0;

/** A name that no other test of this file has. */
export function freshName(word: string): string {
  made += 1;
  return `${word}-${made}`;
}

/** A new topic with a plain subscription: no retry policy, so what is given back comes again at once. */
export async function topicWithSubscription(client: PubSubClient, options = {}) {
  const [topic] = await client.api.createTopic(freshName("topic"));
  const name = freshName("subscription");
  await topic.createSubscription(name, { ackDeadlineSeconds: 60, ...options });
  return { topic, subscription: name };
}

/** Publishes `count` messages named m0, m1, … and padded to `bytes`, and waits until the broker has them. */
export async function publishMany(
  client: PubSubClient,
  topic: string,
  count: number,
  bytes = 0,
): Promise<void> {
  const batched = client.api.topic(topic, { batching: { maxMessages: 1_000, maxMilliseconds: 2 } });
  for (let done = 0; done < count; done += 2_000) {
    const some = Array.from({ length: Math.min(2_000, count - done) }, (_, index) =>
      batched.publishMessage({ data: Buffer.from(`m${done + index}`.padEnd(bytes)) }),
    );
    await Promise.all(some);
  }
}

/** Makes everything that is not acknowledged come again at once, also what is leased. */
export async function redeliverUnacknowledged(client: PubSubClient, subscription: string): Promise<void> {
  await client.api.subscription(subscription).seek(new Date(Date.now() - 3_600_000));
}

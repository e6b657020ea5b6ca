import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { documented } from "./documented.ts";
import { type Fixture, type Received, refused, textsOf } from "./fixture.ts";

expectNoLeaks();

function seek(on: Fixture, subscription: string, ms: number): Promise<unknown> {
  const time = { seconds: Math.floor(ms / 1_000), nanos: Math.floor((ms % 1_000) * 1e6) };
  return on.subscriber.seek({ subscription, time }, { retry: null });
}

/** When a message was published, in milliseconds since 1970. */
function publishedAt({ message }: Received): number {
  return Number(message?.publishTime?.seconds) * 1_000 + Number(message?.publishTime?.nanos) / 1e6;
}

const HOUR = 3_600_000;

await documented("Replay and purge messages", {
  "a seek into the past brings retained messages back that were acknowledged": async (on) => {
    const [topic, subscription] = await on.pair({ retainAckedMessages: true });
    await on.publish(topic, "a", "b");
    await on.acknowledge(subscription, await on.expect(subscription, ["a", "b"]));
    await seek(on, subscription, Date.now() - HOUR);
    await on.expect(subscription, ["a", "b"]);
  },
  "without retain_acked_messages what was acknowledged stays away": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "a");
    await on.acknowledge(subscription, await on.expect(subscription, ["a"]));
    await seek(on, subscription, Date.now() - HOUR);
    await on.expectNothing(topic, subscription);
  },
  "a seek to a time brings back what was published since, and only that": async (on) => {
    const [topic, subscription] = await on.pair({ retainAckedMessages: true });
    await on.publish(topic, "before");
    await on.acknowledge(subscription, await on.expect(subscription, ["before"]));
    await on.publish(topic, "since");
    const received = await on.expect(subscription, ["since"]);
    await on.acknowledge(subscription, received);
    await seek(on, subscription, publishedAt(received[0] ?? {}));
    await on.acknowledge(subscription, await on.expect(subscription, ["since"]));
    await on.expectNothing(topic, subscription);
  },
  "a seek to now acknowledges all that waits": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "a", "b");
    const [last] = await on.pull(subscription, 1);
    await seek(on, subscription, publishedAt(last ?? {}) + 1_000);
    await on.modify(subscription, [last ?? {}], 0);
    assert.deepEqual(textsOf(await on.pull(subscription, 1, 1_500)), []);
  },
  "a topic's own retention gives a seek what was acknowledged": async (on) => {
    const topic = await on.topic({ messageRetentionDuration: { seconds: 3_600 } });
    const subscription = await on.subscription(topic);
    await on.publish(topic, "a");
    await on.acknowledge(subscription, await on.expect(subscription, ["a"]));
    await seek(on, subscription, Date.now() - HOUR);
    await on.expect(subscription, ["a"]);
  },
  "a subscription tells the retention of its topic": async (on) => {
    const topic = await on.topic({ messageRetentionDuration: { seconds: 3_600 } });
    const [got] = await on.subscriber.getSubscription({ subscription: await on.subscription(topic) });
    assert.equal(Number(got.topicMessageRetentionDuration?.seconds), 3_600);
  },
  "retention is 10 minutes to 31 days": async (on) => {
    for (const seconds of [599, 31 * 86_400 + 1]) {
      const messageRetentionDuration = { seconds };
      await refused(on.topic({ messageRetentionDuration }), "INVALID_ARGUMENT");
      await refused(on.pair({ messageRetentionDuration }), "INVALID_ARGUMENT");
    }
  },
});

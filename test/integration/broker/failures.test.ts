import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { documented } from "./documented.ts";
import type { Fixture, Received } from "./fixture.ts";
import { refused, textsOf } from "./fixture.ts";

expectNoLeaks();

const PREFIX = "CloudPubSubDeadLetterSource";

/** A subscription with a dead-letter policy, and one of the dead-letter topic. */
async function withDeadLetters(on: Fixture, options = {}) {
  const [deadLetterTopic, letters] = await on.pair();
  const deadLetterPolicy = { deadLetterTopic, maxDeliveryAttempts: 5 };
  const [topic, subscription] = await on.pair({ deadLetterPolicy, ...options });
  return { topic, subscription, deadLetterTopic, letters };
}

/** Gives the next message back so many times; gives the attempts that it was told to be. */
async function giveBack(on: Fixture, subscription: string, times: number): Promise<number[]> {
  const attempts: number[] = [];
  for (let n = 0; n < times; n++) {
    const received: Received[] = await on.pull(subscription, 1, 6_000);
    assert.equal(received.length, 1);
    attempts.push(received[0]?.deliveryAttempt ?? -1);
    await on.modify(subscription, received, 0);
  }
  return attempts;
}

const seconds = (value: number) => ({ seconds: Math.floor(value), nanos: (value % 1) * 1e9 });

await documented("Handle message failures", {
  "after max_delivery_attempts a message goes to the dead-letter topic, and tells where it is from": async (
    on,
  ) => {
    const { topic, subscription, letters } = await withDeadLetters(on);
    const [id] = await on.publish(topic, { data: Buffer.from("bad"), attributes: { a: "1" } });
    assert.deepEqual(await giveBack(on, subscription, 5), [1, 2, 3, 4, 5]);
    const [letter] = await on.expect(letters, ["bad"], 8_000);
    const attributes = letter?.message?.attributes ?? {};
    assert.equal(attributes["a"], "1");
    assert.equal(attributes[`${PREFIX}DeliveryCount`], "5");
    assert.equal(attributes[`${PREFIX}Subscription`], subscription.split("/").at(-1));
    assert.equal(attributes[`${PREFIX}SubscriptionProject`], on.project);
    const published = Date.parse(attributes[`${PREFIX}TopicPublishTime`] ?? "");
    assert.ok(Math.abs(published - Date.now()) < 60_000, attributes[`${PREFIX}TopicPublishTime`]);
    assert.notEqual(letter?.message?.messageId, id);
    await on.expectNothing(topic, subscription);
  },
  "a lease that ends counts as an attempt, too": async (on) => {
    const { topic, subscription } = await withDeadLetters(on);
    await on.publish(topic, "slow");
    await on.modify(subscription, await on.expect(subscription, ["slow"]), 1);
    const [again] = await on.expect(subscription, ["slow"], 8_000);
    assert.equal(again?.deliveryAttempt, 2);
  },
  "a longer deadline counts for nothing": async (on) => {
    const { topic, subscription } = await withDeadLetters(on);
    await on.publish(topic, "x");
    const received = await on.expect(subscription, ["x"]);
    for (let n = 0; n < 6; n++) await on.modify(subscription, received, 60);
    await on.modify(subscription, received, 0);
    assert.equal((await on.expect(subscription, ["x"]))[0]?.deliveryAttempt, 2);
  },
  "without a dead-letter policy the delivery attempt is 0": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "x");
    assert.deepEqual(await giveBack(on, subscription, 3), [0, 0, 0]);
  },
  "a message with an ordering key is dead-lettered alone, and those behind it go on": async (on) => {
    const { topic, subscription, letters } = await withDeadLetters(on, { enableMessageOrdering: true });
    for (const text of ["bad", "good"])
      await on.publish(topic, { data: Buffer.from(text), orderingKey: "k" });
    await giveBack(on, subscription, 5);
    const [letter] = await on.expect(letters, ["bad"], 8_000);
    assert.equal(letter?.message?.orderingKey, "k");
    await on.expect(subscription, ["good"]);
  },
  "max_delivery_attempts is 5 to 100, and 5 when it is not given": async (on) => {
    const topic = await on.topic();
    for (const maxDeliveryAttempts of [4, 101]) {
      const deadLetterPolicy = { deadLetterTopic: topic, maxDeliveryAttempts };
      await refused(on.subscription(topic, { deadLetterPolicy }), "INVALID_ARGUMENT", "OUT_OF_RANGE");
    }
    const subscription = await on.subscription(topic, { deadLetterPolicy: { deadLetterTopic: topic } });
    const [got] = await on.subscriber.getSubscription({ subscription });
    assert.equal(got.deadLetterPolicy?.maxDeliveryAttempts, 5);
  },
  "the dead-letter topic must be there": async (on) => {
    const topic = await on.topic();
    const deadLetterPolicy = { deadLetterTopic: on.name("topics"), maxDeliveryAttempts: 5 };
    await refused(on.subscription(topic, { deadLetterPolicy }), "NOT_FOUND");
  },
  "without a retry policy a message that is given back comes again at once": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "x");
    const start = performance.now();
    await giveBack(on, subscription, 4);
    assert.ok(performance.now() - start < 1_500, `${performance.now() - start} ms`);
  },
  "with a retry policy it comes again after minimum_backoff, and then after longer ones": async (on) => {
    const retryPolicy = { minimumBackoff: seconds(0.8), maximumBackoff: seconds(60) };
    const [topic, subscription] = await on.pair({ retryPolicy });
    await on.publish(topic, "x");
    await giveBack(on, subscription, 1);
    const gaps = [
      await waited(on, subscription),
      await waited(on, subscription),
      await waited(on, subscription),
    ];
    assert.ok(
      gaps.every((gap, n) => gap >= 750 && (n === 0 || gap > (gaps[n - 1] ?? 0) * 1.3)),
      gaps.map(Math.round).join(", "),
    );
  },
  "no backoff is longer than maximum_backoff": async (on) => {
    const retryPolicy = { minimumBackoff: seconds(0.5), maximumBackoff: seconds(1) };
    const [topic, subscription] = await on.pair({ retryPolicy });
    await on.publish(topic, "x");
    const start = performance.now();
    await giveBack(on, subscription, 5);
    const ms = performance.now() - start;
    assert.ok(ms >= 3_300 && ms < 8_000, `${ms} ms`);
  },
  "a message that backs off does not hold up others": async (on) => {
    const retryPolicy = { minimumBackoff: seconds(30), maximumBackoff: seconds(60) };
    const [topic, subscription] = await on.pair({ retryPolicy });
    await on.publish(topic, "bad");
    await giveBack(on, subscription, 1);
    await on.publish(topic, "good");
    assert.deepEqual(textsOf(await on.pull(subscription, 1)), ["good"]);
  },
  "a backoff is at most 600 seconds, and the shortest not longer than the longest": async (on) => {
    const topic = await on.topic();
    for (const [least, most] of [
      [1, 601],
      [20, 10],
    ] as const) {
      const retryPolicy = { minimumBackoff: seconds(least), maximumBackoff: seconds(most) };
      await refused(on.subscription(topic, { retryPolicy }), "INVALID_ARGUMENT");
    }
  },
});

/** How long until the message comes again, which is then given back. */
async function waited(on: Fixture, subscription: string): Promise<number> {
  const start = performance.now();
  await giveBack(on, subscription, 1);
  return performance.now() - start;
}

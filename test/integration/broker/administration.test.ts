import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { documented } from "./documented.ts";
import { refused } from "./fixture.ts";

expectNoLeaks();

const ONCE = { retry: null };

await documented("Create and manage topics and subscriptions", {
  "a name begins with a letter, has 3 to 255 characters, and does not begin with goog": async (on) => {
    for (const id of ["1abc", "ab", "a".repeat(256), "google", "a b c"]) {
      const name = `projects/${on.project}/topics/${id}`;
      await refused(on.publisher.createTopic({ name }, ONCE), "INVALID_ARGUMENT");
    }
    await on.publisher.createTopic({ name: `projects/${on.project}/topics/a.-_~+%` }, ONCE);
  },
  "a name that is taken is ALREADY_EXISTS": async (on) => {
    const [topic, name] = await on.pair();
    await refused(on.publisher.createTopic({ name: topic }, ONCE), "ALREADY_EXISTS");
    await refused(on.subscriber.createSubscription({ name, topic }, ONCE), "ALREADY_EXISTS");
  },
  "a subscription's topic must be there": async (on) => {
    await refused(on.subscription(on.name("topics")), "NOT_FOUND");
  },
  "a subscription has 10 seconds to acknowledge and 7 days of retention by default": async (on) => {
    const [, subscription] = await on.pair({ ackDeadlineSeconds: 0 });
    const [got] = await on.subscriber.getSubscription({ subscription });
    assert.equal(got.ackDeadlineSeconds, 10);
    assert.equal(Number(got.messageRetentionDuration?.seconds), 7 * 86_400);
    assert.equal(got.enableMessageOrdering, false);
    assert.equal(got.enableExactlyOnceDelivery, false);
  },
  "a subscription that is not used expires after 31 days by default, and is ACTIVE until then": async (
    on,
  ) => {
    const [, subscription] = await on.pair();
    const [got] = await on.subscriber.getSubscription({ subscription });
    assert.equal(Number(got.expirationPolicy?.ttl?.seconds), 31 * 86_400);
    assert.equal(got.state, "ACTIVE");
  },
  "an ack deadline is 10 to 600 seconds": async (on) => {
    for (const ackDeadlineSeconds of [9, 601])
      await refused(on.pair({ ackDeadlineSeconds }), "INVALID_ARGUMENT");
  },
  "an expiration policy without a time means never": async (on) => {
    const [, subscription] = await on.pair({ expirationPolicy: {} });
    const [got] = await on.subscriber.getSubscription({ subscription });
    assert.deepEqual(got.expirationPolicy?.ttl ?? null, null);
  },
  "a subscription expires after a day at the earliest": async (on) => {
    await refused(on.pair({ expirationPolicy: { ttl: { seconds: 86_399 } } }), "INVALID_ARGUMENT");
  },
  "an update changes what its mask names, and nothing else": async (on) => {
    const [, name] = await on.pair({ labels: { a: "1" } });
    const subscription = { name, ackDeadlineSeconds: 30, labels: { b: "2" } };
    const [got] = await on.subscriber.updateSubscription({
      subscription,
      updateMask: { paths: ["ack_deadline_seconds"] },
    });
    assert.equal(got.ackDeadlineSeconds, 30);
    assert.deepEqual(got.labels, { a: "1" });
  },
  "an update with an empty mask, or of what cannot change, is refused": async (on) => {
    const [topic, name] = await on.pair();
    const update = (paths: string[]) =>
      on.subscriber.updateSubscription(
        { subscription: { name, topic, enableMessageOrdering: true }, updateMask: { paths } },
        ONCE,
      );
    for (const paths of [[], ["topic"], ["enable_message_ordering"], ["nothing_like_it"]]) {
      await refused(update(paths), "INVALID_ARGUMENT");
    }
    await refused(
      on.publisher.updateTopic({ topic: { name: topic }, updateMask: { paths: ["name"] } }, ONCE),
      "INVALID_ARGUMENT",
    );
  },
  "lists come in pages": async (on) => {
    for (let n = 0; n < 3; n++) await on.pair();
    const request = { project: `projects/${on.project}`, pageSize: 2 };
    const [first, , answer] = await on.publisher.listTopics(request, { autoPaginate: false });
    assert.equal(first.length, 2);
    const pageToken = answer?.nextPageToken ?? "";
    const [rest] = await on.publisher.listTopics({ ...request, pageToken }, { autoPaginate: false });
    assert.equal(rest.length, 1);
    const [subscriptions] = await on.subscriber.listSubscriptions({ project: request.project });
    assert.equal(subscriptions.length, 3);
  },
  "a deleted topic leaves its subscriptions, which name _deleted-topic_ and keep what they have": async (
    on,
  ) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "kept");
    await on.publisher.deleteTopic({ topic });
    const [got] = await on.subscriber.getSubscription({ subscription });
    assert.equal(got.topic, "_deleted-topic_");
    await on.expect(subscription, ["kept"]);
    await on.publisher.createTopic({ name: topic });
    await on.publish(topic, "of another topic");
    const [names] = await on.publisher.listTopicSubscriptions({ topic });
    assert.deepEqual(names, []);
  },
  "a deleted subscription ends its streams, and a new one of its name has none of its messages": async (
    on,
  ) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "old");
    const stream = await on.stream({ subscription });
    await stream.until(1);
    await on.subscriber.deleteSubscription({ subscription });
    assert.equal((await stream.ended()).code, 5);
    await on.subscriber.createSubscription({ name: subscription, topic });
    await on.expectNothing(topic, subscription);
  },
  "a detached subscription is told as such, drops its messages, and cannot be pulled": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "dropped");
    await on.publisher.detachSubscription({ subscription });
    const [got] = await on.subscriber.getSubscription({ subscription });
    assert.equal(got.detached, true);
    await refused(on.subscriber.pull({ subscription, maxMessages: 1 }, ONCE), "FAILED_PRECONDITION");
    const [names] = await on.publisher.listTopicSubscriptions({ topic });
    assert.deepEqual(names, []);
  },
  "the subscriptions of a topic that is not there are NOT_FOUND": async (on) => {
    await refused(on.publisher.listTopicSubscriptions({ topic: on.name("topics") }, ONCE), "NOT_FOUND");
  },
  "what is not there is NOT_FOUND": async (on) => {
    const [topic, subscription] = [on.name("topics"), on.name("subscriptions")];
    await refused(on.publisher.getTopic({ topic }, ONCE), "NOT_FOUND");
    await refused(on.publisher.deleteTopic({ topic }, ONCE), "NOT_FOUND");
    await refused(on.subscriber.getSubscription({ subscription }, ONCE), "NOT_FOUND");
    await refused(on.subscriber.deleteSubscription({ subscription }, ONCE), "NOT_FOUND");
  },
});

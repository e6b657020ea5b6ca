import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import { createIntake } from "../../../src/pubsub/intake.ts";
import type { IntakeOptions } from "../../../src/pubsub/intake-options.ts";
import type { Delivery } from "../../../src/pubsub/port.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker } from "../../support/servers.ts";
import { Recorder } from "./recorder.ts";
import {
  clientOf,
  freshName,
  publishMany,
  redeliverUnacknowledged,
  topicWithSubscription,
} from "./topics.ts";

expectNoLeaks();
const client = clientOf({ after }, await broker({ after }));
const LIMIT = { timeout: 60_000 };
const acknowledge = (delivery: Delivery) => delivery.ack();

/** Starts an intake that ends with its test, also with one that fails. */
function start(
  t: TestContext,
  options: Partial<IntakeOptions> & { subscription: string },
  recorder: Recorder,
) {
  const usual = { streams: 3, maxMessages: 1_000, maxBytes: 10_000_000, retryMs: { min: 100, max: 500 } };
  const intake = createIntake(client, { ...usual, ...options });
  t.after(() => intake.close(0));
  intake.start(recorder);
  return intake;
}

test("a delivery carries the message as it was published", LIMIT, async (t) => {
  const { topic, subscription } = await topicWithSubscription(client);
  const before = Date.now();
  const messageId = await topic.publishMessage({ data: Buffer.from([0, 255, 10]), attributes: { a: "ä" } });
  const recorder = new Recorder(acknowledge);
  const intake = start(t, { subscription }, recorder);
  await recorder.until(() => recorder.deliveries.length === 1);
  const [delivery] = recorder.deliveries;
  assert.ok(delivery);
  assert.deepEqual([...delivery.data], [0, 255, 10]);
  assert.deepEqual({ ...delivery.attributes }, { a: "ä" });
  assert.equal(delivery.messageId, messageId);
  assert.equal(delivery.attempt, 0);
  assert.equal(delivery.publishedAt.constructor, Date);
  assert.ok(Math.abs(delivery.publishedAt.getTime() - before) < 10_000);
  assert.ok(Math.abs(delivery.receivedAt - performance.now()) < 10_000);
  await intake.close(5_000);
});

test("a subscription made after the start is pulled without a restart", LIMIT, async (t) => {
  const [topic] = await client.api.createTopic(freshName("topic"));
  const subscription = freshName("subscription");
  const recorder = new Recorder(acknowledge);
  const intake = start(t, { subscription }, recorder);
  await recorder.until(() => recorder.losses.length === 1);
  assert.equal(
    recorder.losses[0],
    `subscription "${subscription}" in project "${client.project}" does not exist: create it with "rowpost topology apply"`,
  );
  await topic.createSubscription(subscription);
  await topic.publishMessage({ data: Buffer.from("first") });
  await recorder.until(() => recorder.deliveries.length === 1);
  assert.equal(recorder.openings, 1);
  assert.equal(recorder.losses.length, 1, "one loss is told once, however often it is tried again");
  await intake.close(5_000);
});

test("an intake without messages says that it is open", LIMIT, async (t) => {
  const { subscription } = await topicWithSubscription(client);
  const recorder = new Recorder();
  const intake = start(t, { subscription }, recorder);
  await recorder.until(() => recorder.openings === 1);
  assert.deepEqual(recorder.losses, []);
  await intake.close(5_000);
});

test(
  "what is outstanding stays within maxMessages, and the rest comes when that is settled",
  LIMIT,
  async (t) => {
    const { topic, subscription } = await topicWithSubscription(client);
    const other = freshName("subscription");
    await topic.createSubscription(other, { ackDeadlineSeconds: 60 });
    await publishMany(client, topic.name, 20_000);
    const holder = new Recorder();
    const intake = start(t, { subscription, maxMessages: 1_000, streams: 5 }, holder);
    const drainer = new Recorder(acknowledge);
    const free = start(t, { subscription: other, streams: 5 }, drainer);
    // By the time that the free one has all, the broker had time to send all to the other one too.
    await drainer.until(() => drainer.deliveries.length >= 20_000);
    const outstanding = intake.outstandingMessages;
    assert.equal(outstanding, holder.deliveries.length);
    assert.ok(outstanding >= 1_000 && outstanding <= 1_500, `${outstanding} are outstanding`);
    const held = holder.deliveries.splice(0);
    const settled = new Recorder(acknowledge);
    holder.delivery = (delivery) => settled.delivery(delivery);
    for (const delivery of held) {
      delivery.ack();
    }
    await settled.until(() => held.length + settled.deliveries.length >= 20_000);
    const ids = new Set([...held, ...settled.deliveries].map((delivery) => delivery.messageId));
    assert.equal(ids.size, 20_000);
    await Promise.all([intake.close(10_000), free.close(10_000)]);
  },
);

test("what is outstanding stays within maxBytes", LIMIT, async (t) => {
  const { topic, subscription } = await topicWithSubscription(client);
  const other = freshName("subscription");
  await topic.createSubscription(other, { ackDeadlineSeconds: 60 });
  await publishMany(client, topic.name, 2_000, 10_000);
  const holder = new Recorder();
  const intake = start(t, { subscription, maxMessages: 5_000, maxBytes: 3_000_000 }, holder);
  const drainer = new Recorder(acknowledge);
  const free = start(t, { subscription: other }, drainer);
  await drainer.until(() => drainer.deliveries.length >= 2_000);
  const bytes = intake.outstandingBytes;
  assert.ok(bytes >= 3_000_000 && bytes <= 6_000_000, `${bytes} bytes are outstanding`);
  await Promise.all([intake.close(2_000), free.close(10_000)]);
  assert.equal(intake.outstandingBytes, 0);
});

test("a delivery that is given back comes again at once, and settles once only", LIMIT, async (t) => {
  const { topic, subscription } = await topicWithSubscription(client);
  const recorder = new Recorder((delivery) => {
    if (recorder.deliveries.length === 1) {
      delivery.nack();
      delivery.ack();
    } else {
      delivery.ack();
      delivery.nack();
    }
  });
  const intake = start(t, { subscription }, recorder);
  await topic.publishMessage({ data: Buffer.from("again") });
  await recorder.until(() => recorder.deliveries.length === 2);
  const [first, second] = recorder.deliveries;
  assert.ok(first && second);
  assert.equal(first.messageId, second.messageId);
  assert.ok(second.receivedAt - first.receivedAt < 5_000);
  assert.equal(intake.outstandingMessages, 0);
  await intake.close(5_000);
  await redeliverUnacknowledged(client, subscription);
  await expectOnly(t, subscription, []);
});

test(
  "what was acknowledged before close is never delivered again; what was not goes back",
  LIMIT,
  async (t) => {
    const { topic, subscription } = await topicWithSubscription(client);
    await publishMany(client, topic.name, 500);
    const recorder = new Recorder();
    const intake = start(t, { subscription }, recorder);
    await recorder.until(() => recorder.deliveries.length === 500);
    void intake.stop();
    for (const delivery of recorder.deliveries.slice(0, 490)) {
      delivery.ack();
    }
    await intake.close(1_500);
    assert.equal(intake.outstandingMessages, 0);
    await expectOnly(t, subscription, recorder.texts.slice(490));
    await redeliverUnacknowledged(client, subscription);
    await expectOnly(t, subscription, []);
  },
);

test("close waits for the deliveries that are still being worked on", LIMIT, async (t) => {
  const { topic, subscription } = await topicWithSubscription(client);
  await publishMany(client, topic.name, 3);
  const recorder = new Recorder();
  const intake = start(t, { subscription }, recorder);
  await recorder.until(() => recorder.deliveries.length === 3);
  let closed = false;
  const closing = intake.close(30_000).then(() => {
    closed = true;
  });
  await topic.publishMessage({ data: Buffer.from("late") });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed, false);
  recorder.deliveries.forEach(acknowledge);
  await closing;
  assert.equal(recorder.deliveries.length, 3, "nothing is handed out after stop");
  await intake.close(0);
  await expectOnly(t, subscription, ["late"]);
});

test(
  "stop in the middle of a burst hands out nothing more, and others get the rest at once",
  LIMIT,
  async (t) => {
    const { topic, subscription } = await topicWithSubscription(client);
    await publishMany(client, topic.name, 50);
    const recorder = new Recorder((delivery) => {
      void intake.stop();
      delivery.ack();
    });
    const intake = start(t, { subscription, streams: 1 }, recorder);
    await recorder.until(() => recorder.deliveries.length > 0);
    await intake.close(5_000);
    assert.equal(recorder.deliveries.length, 1);
    const taken = new Set(recorder.texts);
    const rest = Array.from({ length: 50 }, (_, index) => `m${index}`).filter((text) => !taken.has(text));
    await expectOnly(t, subscription, rest);
  },
);

/** A fresh intake gets exactly these messages and then one that is published now. */
async function expectOnly(t: TestContext, subscription: string, expected: readonly string[]): Promise<void> {
  const [metadata] = await client.api.subscription(subscription).getMetadata();
  const recorder = new Recorder(acknowledge);
  const intake = start(t, { subscription }, recorder);
  await recorder.until(() => recorder.openings > 0 && recorder.deliveries.length >= expected.length);
  await client.api.topic(metadata.topic ?? "").publishMessage({ data: Buffer.from("sentinel") });
  await recorder.until(() => recorder.texts.includes("sentinel"));
  assert.deepEqual(recorder.texts.toSorted(), [...expected, "sentinel"].toSorted());
  await intake.close(5_000);
}

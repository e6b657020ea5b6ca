import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import type { PubSubClient } from "../../../src/pubsub/client.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker, privateBroker } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { faultyProxy } from "./faulty-proxy.ts";
import { Recorder } from "./recorder.ts";
import { clientOf, publishMany, redeliverUnacknowledged, topicWithSubscription } from "./topics.ts";

expectNoLeaks();
const LIMIT = { timeout: 90_000 };
const usual = { streams: 3, maxMessages: 1_000, maxBytes: 10_000_000, retryMs: { min: 100, max: 1_000 } };

/** Starts an intake that ends with its test, also with one that fails. */
function start(t: TestContext, client: PubSubClient, subscription: string, recorder: Recorder) {
  const intake = createIntake(client, { ...usual, subscription });
  t.after(() => intake.close(0));
  intake.start(recorder);
  return intake;
}

test(
  "an intake outlives its broker: the loss is told, and messages come again afterwards",
  LIMIT,
  async (t) => {
    const { server, ...at } = await privateBroker(t);
    assert.ok(server);
    const client = clientOf(t, at);
    const names = { topic: "updates", subscription: "updates-worker" };
    const lay = () =>
      client.api.createTopic(names.topic).then(([topic]) => topic.createSubscription(names.subscription));
    await lay();
    const recorder = new Recorder((delivery) => delivery.ack());
    const intake = start(t, client, names.subscription, recorder);
    await publishMany(client, names.topic, 10);
    await recorder.until(() => recorder.deliveries.length === 10);
    await server.kill();
    await recorder.until(() => recorder.losses.length === 1);
    assert.match(
      recorder.losses[0] ?? "",
      /^Pub\/Sub at 127\.0\.0\.1:\d+ does not answer for subscription "updates-worker"/,
    );
    await server.start();
    await lay();
    await recorder.until(() => recorder.openings === 2);
    await publishMany(client, names.topic, 10);
    await recorder.until(() => recorder.deliveries.length === 20);
    await intake.close(5_000);
  },
);

test("what is held when the broker goes away does not keep close from ending in time", LIMIT, async (t) => {
  const { server, ...at } = await privateBroker(t);
  assert.ok(server);
  const client = clientOf(t, at);
  const { topic, subscription } = await topicWithSubscription(client);
  await publishMany(client, topic.name, 50);
  const recorder = new Recorder();
  const intake = start(t, client, subscription, recorder);
  await recorder.until(() => recorder.deliveries.length === 50);
  await server.kill();
  const before = performance.now();
  await intake.close(1_500);
  assert.ok(performance.now() - before < 3_000);
  assert.equal(intake.outstandingMessages, 0);
});

test(
  "a single stream that is lost for good is opened again, without a word and without losing what is held",
  LIMIT,
  async (t) => {
    const real = await broker({ after });
    const direct = clientOf(t, real);
    const proxy = await faultyProxy(t, real.host);
    const client = clientOf(t, { ...real, host: proxy.host });
    const { topic, subscription } = await topicWithSubscription(direct);
    const recorder = new Recorder();
    const intake = start(t, client, subscription, recorder);
    await publishMany(direct, topic.name, 5);
    await recorder.until(() => recorder.deliveries.length === 5);
    assert.equal(proxy.live, 3);
    proxy.endOneStream(2);
    await until("three streams again", () => proxy.live === 3 && proxy.opened === 4);
    for (const delivery of recorder.deliveries) {
      delivery.ack();
    }
    assert.equal(intake.outstandingMessages, 0);
    await publishMany(direct, topic.name, 1);
    await recorder.until(() => recorder.deliveries.length === 6);
    assert.deepEqual([recorder.openings, recorder.losses], [1, []]);
    recorder.deliveries[5]?.ack();
    await intake.close(5_000);
    await redeliverUnacknowledged(direct, subscription);
    const second = new Recorder((delivery) => delivery.ack());
    const again = start(t, direct, subscription, second);
    await publishMany(direct, topic.name, 1);
    await second.until(() => second.deliveries.length > 0);
    assert.equal(second.deliveries.length, 1, "what was acknowledged after the loss stays acknowledged");
    await again.close(5_000);
  },
);

test("a stream that ends as streams do is no loss", LIMIT, async (t) => {
  const real = await broker({ after });
  const proxy = await faultyProxy(t, real.host);
  const client = clientOf(t, { ...real, host: proxy.host });
  const { topic, subscription } = await topicWithSubscription(client);
  const recorder = new Recorder((delivery) => delivery.ack());
  const intake = start(t, client, subscription, recorder);
  await recorder.until(() => recorder.openings === 1);
  for (let ended = 1; ended <= 3; ended += 1) {
    proxy.endOneStream(14);
    await until("the stream is opened again", () => proxy.live === 3 && proxy.opened === 3 + ended);
  }
  await publishMany(client, topic.name, 10);
  await recorder.until(() => recorder.deliveries.length === 10);
  assert.deepEqual([recorder.openings, recorder.losses], [1, []]);
  await intake.close(5_000);
});

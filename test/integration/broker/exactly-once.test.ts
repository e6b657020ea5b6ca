import assert from "node:assert/strict";
import { Duration, type Message } from "@google-cloud/pubsub";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";
import { documented } from "./documented.ts";
import { ackIdOf, type Fixture, type Received } from "./fixture.ts";

expectNoLeaks();

const EXACTLY = { enableExactlyOnceDelivery: true };
const INVALID = "PERMANENT_FAILURE_INVALID_ACK_ID";

/** What a call tells of ack ids that failed. */
async function failures(call: Promise<unknown>): Promise<Record<string, string>> {
  try {
    await call;
  } catch (error) {
    return (error as { errorInfoMetadata?: Record<string, string> }).errorInfoMetadata ?? {};
  }
  return {};
}

/** Delivers a message twice, the second time after its first lease has ended. */
async function twice(on: Fixture): Promise<{ subscription: string; first: Received; second: Received }> {
  const [topic, subscription] = await on.pair(EXACTLY);
  await on.publish(topic, "x");
  const [first = {}] = await on.expect(subscription, ["x"]);
  await on.modify(subscription, [first], 1);
  const [second = {}] = await on.expect(subscription, ["x"], 8_000);
  return { subscription, first, second };
}

await documented("Exactly-once delivery", {
  "only the latest ack id of a message can acknowledge it": async (on) => {
    const { subscription, first, second } = await twice(on);
    const acknowledged = failures(on.acknowledge(subscription, [first]));
    assert.deepEqual(await acknowledged, { [ackIdOf(first)]: INVALID });
    assert.deepEqual(await failures(on.acknowledge(subscription, [second])), {});
  },
  "an expired ack id cannot get a longer deadline": async (on) => {
    const { subscription, first } = await twice(on);
    assert.deepEqual(await failures(on.modify(subscription, [first], 60)), { [ackIdOf(first)]: INVALID });
  },
  "of several ack ids only the bad ones fail": async (on) => {
    const { subscription, first, second } = await twice(on);
    const failed = await failures(on.acknowledge(subscription, [second, first]));
    assert.deepEqual(failed, { [ackIdOf(first)]: INVALID });
  },
  "a stream tells that it is of such a subscription, and confirms acks and deadlines": async (on) => {
    const [topic, subscription] = await on.pair(EXACTLY);
    await on.publish(topic, "x");
    const stream = await on.stream({ subscription });
    const [received = {}] = await stream.until(1);
    const properties = stream.responses.map((response) => response.subscriptionProperties);
    assert.ok(properties.some((said) => said?.exactlyOnceDeliveryEnabled));
    const ackIds = [ackIdOf(received)];
    stream.write({ modifyDeadlineAckIds: ackIds, modifyDeadlineSeconds: [60] });
    stream.write({ ackIds });
    const confirmed = () => {
      const deadlines = stream.responses.flatMap((one) => one.modifyAckDeadlineConfirmation?.ackIds ?? []);
      const acks = stream.responses.flatMap((one) => one.acknowledgeConfirmation?.ackIds ?? []);
      return deadlines.length === 1 && acks.length === 1;
    };
    await until("both are confirmed", confirmed, { timeoutMs: 4_000 });
  },
  "with ordering, acks have to come in order": async (on) => {
    const [topic, subscription] = await on.pair({ ...EXACTLY, enableMessageOrdering: true });
    for (const text of ["0", "1"]) await on.publish(topic, { data: Buffer.from(text), orderingKey: "k" });
    const stream = await on.stream({ subscription });
    const [first = {}, second = {}] = await stream.until(2);
    const early = await failures(on.acknowledge(subscription, [second]));
    assert.match(early[ackIdOf(second)] ?? "", /^TRANSIENT_/);
    assert.deepEqual(await failures(on.acknowledge(subscription, [first])), {});
    assert.deepEqual(await failures(on.acknowledge(subscription, [second])), {});
  },
  "the client's ackWithResponse succeeds in time and fails when it is too late": async (on) => {
    const [topic, name] = await on.pair(EXACTLY);
    await on.publish(topic, "x");
    const subscription = on.client.api.subscription(name, { minAckDeadline: Duration.from({ seconds: 60 }) });
    const messages: Message[] = [];
    subscription.on("message", (message: Message) => messages.push(message));
    await until("the message", () => messages.length === 1);
    await on.modify(name, [{ ackId: messages[0]?.ackId ?? "" }], 0);
    await until("the message again", () => messages.length === 2);
    await assert.rejects(messages[0]?.ackWithResponse() ?? assert.fail(), { errorCode: "INVALID" });
    assert.equal(await messages[1]?.ackWithResponse(), "SUCCESS");
    await subscription.close();
  },
  "a message that is acknowledged does not come again": async (on) => {
    const [topic, subscription] = await on.pair(EXACTLY);
    await on.publish(topic, "x");
    await on.acknowledge(subscription, await on.expect(subscription, ["x"]));
    await on.expectNothing(topic, subscription);
  },
});

await documented("Package google.pubsub.v1: Acknowledge", {
  "an ack that is sent again after it succeeded succeeds": async (on) => {
    const { subscription, second } = await twice(on);
    assert.deepEqual(await failures(on.acknowledge(subscription, [second])), {});
    assert.deepEqual(await failures(on.acknowledge(subscription, [second])), {});
  },
});

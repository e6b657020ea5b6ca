import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";
import { documented } from "./documented.ts";
import { ackIdOf, type Fixture, textOf, textsOf } from "./fixture.ts";

expectNoLeaks();

const ORDERED = { enableMessageOrdering: true };

/** Publishes texts under a key, one request each. */
async function publish(
  on: Fixture,
  topic: string,
  orderingKey: string,
  ...texts: readonly string[]
): Promise<void> {
  for (const text of texts) await on.publish(topic, { data: Buffer.from(text), orderingKey });
}

await documented("Order messages", {
  "messages of a key come in the order in which they were published": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    const texts = Array.from({ length: 100 }, (_, n) => String(n));
    await Promise.all(["a", "b"].map((key) => publish(on, topic, key, ...texts)));
    const stream = await on.stream({ subscription });
    await stream.until(200);
    for (const key of ["a", "b"]) {
      const ofKey = stream.received.filter(({ message }) => message?.orderingKey === key);
      assert.deepEqual(textsOf(ofKey), texts);
    }
  },
  "when a message is given back, it comes again and all of its key that followed it, in order": async (
    on,
  ) => {
    const [topic, subscription] = await on.pair(ORDERED);
    await publish(on, topic, "k", "0", "1", "2", "3", "4");
    const stream = await on.stream({ subscription });
    await stream.until(5);
    await on.acknowledge(subscription, stream.received.slice(0, 2));
    await on.modify(subscription, stream.received.slice(2, 3), 0);
    await stream.until(8);
    assert.deepEqual(textsOf(stream.received.slice(5)), ["2", "3", "4"]);
    await on.acknowledge(subscription, stream.received.slice(5));
    stream.cancel();
    await on.expectNothing(topic, subscription);
  },
  "acknowledged messages behind one that comes again come again, too": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    await publish(on, topic, "k", "0", "1", "2");
    const stream = await on.stream({ subscription });
    await stream.until(3);
    await on.acknowledge(subscription, stream.received.slice(1, 3));
    await on.modify(subscription, stream.received.slice(0, 1), 0);
    await stream.until(6);
    assert.deepEqual(textsOf(stream.received.slice(3)), ["0", "1", "2"]);
  },
  "when a lease ends, the message and those of its key behind it come again in order": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    await publish(on, topic, "k", "0", "1", "2");
    const stream = await on.stream({ subscription });
    await stream.until(3);
    await on.modify(subscription, stream.received.slice(0, 1), 1);
    await stream.until(6, 8_000);
    assert.deepEqual(textsOf(stream.received.slice(3)), ["0", "1", "2"]);
  },
  "a key whose message backs off does not hold up other keys": async (on) => {
    const seconds = (value: number) => ({ seconds: value, nanos: 0 });
    const retryPolicy = { minimumBackoff: seconds(30), maximumBackoff: seconds(60) };
    const [topic, subscription] = await on.pair({ ...ORDERED, retryPolicy });
    await publish(on, topic, "bad", "0", "1");
    const stream = await on.stream({ subscription });
    await stream.until(2);
    await on.modify(subscription, stream.received.slice(0, 1), 0);
    await publish(on, topic, "good", "2", "3");
    await stream.until(4);
    assert.deepEqual(textsOf(stream.received.slice(2)), ["2", "3"]);
  },
  "while messages of a key are outstanding, the next ones go to the same stream": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    const streams = [await on.stream({ subscription }), await on.stream({ subscription })];
    const messages = ["0", "1", "2", "3", "4"].map((text) => ({ data: Buffer.from(text), orderingKey: "k" }));
    await on.publish(topic, ...messages);
    await until("all", () => streams.reduce((sum, { received }) => sum + received.length, 0) === 5);
    assert.deepEqual(
      streams.map(({ received }) => received.length).sort((a, b) => a - b),
      [0, 5],
    );
  },
  "a key whose messages are settled may go on with another stream": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    const first = await on.stream({ subscription });
    await publish(on, topic, "k", "0", "1");
    await first.until(2);
    await on.acknowledge(subscription, first.received);
    first.cancel();
    await first.ended();
    const second = await on.stream({ subscription });
    await publish(on, topic, "k", "2", "3");
    assert.deepEqual(textsOf(await second.until(2)), ["2", "3"]);
  },
  "messages without a key, and of a subscription without ordering, are not held up by others": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    const plain = await on.subscription(topic);
    await publish(on, topic, "k", "0", "1");
    await publish(on, topic, "", "free");
    await on.pull(subscription, 3);
    const received = await on.pull(plain, 3);
    const first = received.find((one) => textOf(one) === "0");
    await on.acknowledge(
      plain,
      received.filter((one) => one !== first),
    );
    await on.modify(plain, [first ?? {}], 0);
    assert.deepEqual(textsOf(await on.pull(plain, 2, 1_500)), ["0"]);
  },
  "a message's redeliveries keep its id, and get ack ids of their own": async (on) => {
    const [topic, subscription] = await on.pair(ORDERED);
    await publish(on, topic, "k", "0");
    const [first] = await on.pull(subscription, 1);
    await on.modify(subscription, [first ?? {}], 0);
    const [second] = await on.pull(subscription, 1);
    assert.equal(second?.message?.messageId, first?.message?.messageId);
    assert.notEqual(ackIdOf(second ?? {}), ackIdOf(first ?? {}));
  },
});

import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";
import { documented } from "./documented.ts";
import { ackIdOf, refused, textsOf } from "./fixture.ts";

expectNoLeaks();

await documented("Pull subscriptions", {
  "Pull gives at most max_messages, and the rest later": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "a", "b", "c");
    const first = await on.pull(subscription, 2);
    const rest = await on.pull(subscription, 1);
    assert.deepEqual(textsOf([...first, ...rest]).sort(), ["a", "b", "c"]);
  },
  "Pull waits for a first message, and gives it when it comes": async (on) => {
    const [topic, subscription] = await on.pair();
    const pulling = on.pull(subscription, 1, 10_000);
    await on.publish(topic, "late");
    assert.deepEqual(textsOf(await pulling), ["late"]);
  },
  "Pull with return_immediately does not wait": async (on) => {
    const [, subscription] = await on.pair();
    const request = { subscription, maxMessages: 1, returnImmediately: true };
    const [answer] = await on.subscriber.pull(request, { timeout: 5_000 });
    assert.deepEqual(answer.receivedMessages, []);
  },
  "Pull needs a positive max_messages": async (on) => {
    const [, subscription] = await on.pair();
    await refused(on.subscriber.pull({ subscription, maxMessages: 0 }, { retry: null }), "INVALID_ARGUMENT");
  },
  "a subscription that is not there is NOT_FOUND to Pull, Acknowledge and StreamingPull": async (on) => {
    const subscription = on.name("subscriptions");
    await refused(on.subscriber.pull({ subscription, maxMessages: 1 }, { retry: null }), "NOT_FOUND");
    await refused(on.subscriber.acknowledge({ subscription, ackIds: ["x"] }, { retry: null }), "NOT_FOUND");
    assert.equal((await (await on.stream({ subscription })).ended()).code, 5);
  },
  "a stream brings what is there and what comes": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "there");
    const stream = await on.stream({ subscription });
    await stream.until(1);
    await on.publish(topic, "comes");
    assert.deepEqual(textsOf(await stream.until(2)), ["there", "comes"]);
  },
  "a stream acknowledges on itself": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "a");
    const stream = await on.stream({ subscription, maxOutstandingMessages: 1 });
    const [first] = await stream.until(1);
    await on.publish(topic, "b");
    stream.write({ ackIds: [ackIdOf(first ?? {})] });
    assert.deepEqual(textsOf(await stream.until(2)), ["a", "b"]);
  },
  "a stream needs an ack deadline of 10 to 600 seconds": async (on) => {
    const [, subscription] = await on.pair();
    for (const streamAckDeadlineSeconds of [9, 601]) {
      assert.equal((await (await on.stream({ subscription, streamAckDeadlineSeconds })).ended()).code, 3);
    }
  },
  "only the first request of a stream names the subscription and its flow control": async (on) => {
    const [, subscription] = await on.pair();
    for (const request of [{ subscription }, { maxOutstandingMessages: 5 }]) {
      const stream = await on.stream({ subscription });
      stream.write(request);
      assert.equal((await stream.ended()).code, 3);
    }
  },
  "a stream's deadlines and their ack ids have the same number, and no deadline is negative": async (on) => {
    const [, subscription] = await on.pair();
    for (const modifyDeadlineSeconds of [[], [-1]]) {
      const stream = await on.stream({ subscription });
      stream.write({ modifyDeadlineAckIds: ["x"], modifyDeadlineSeconds });
      assert.equal((await stream.ended()).code, 3);
    }
  },
  "an ack id that is none ends a stream with INVALID_ARGUMENT, and refuses a call": async (on) => {
    const [, subscription] = await on.pair();
    const ackIds = ["no ack id at all"];
    await refused(on.subscriber.acknowledge({ subscription, ackIds }, { retry: null }), "INVALID_ARGUMENT");
    const stream = await on.stream({ subscription });
    stream.write({ ackIds });
    assert.equal((await stream.ended()).code, 3);
  },
  "a stream of protocol version 1 answers an empty request": async (on) => {
    const [, subscription] = await on.pair();
    const stream = await on.stream({ subscription, protocolVersion: 1 });
    stream.write({});
    stream.write({});
    await until("two answers", () => stream.responses.length >= 2, { timeoutMs: 5_000 });
  },
});

await documented("Flow control", {
  "no more than max_outstanding_messages are outstanding on a stream, and an ack makes room at once": async (
    on,
  ) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, ...Array.from({ length: 10 }, (_, n) => String(n)));
    const other = await on.subscription(topic);
    const stream = await on.stream({ subscription, maxOutstandingMessages: 4 });
    await stream.until(4);
    // By the time that another stream has this one, more could have come here.
    await on.publish(topic, "later");
    await (await on.stream({ subscription: other })).until(1);
    assert.equal(stream.received.length, 4);
    await on.acknowledge(subscription, stream.received.slice(0, 3));
    await stream.until(7);
    await on.modify(subscription, stream.received.slice(3, 4), 0);
    await stream.until(8);
  },
  "a stream gets nothing while max_outstanding_bytes or more are outstanding": async (on) => {
    const [topic, subscription] = await on.pair();
    const other = await on.subscription(topic);
    const data = Buffer.alloc(1_000);
    for (let n = 0; n < 10; n++) await on.publish(topic, { data });
    const stream = await on.stream({ subscription, maxOutstandingBytes: 2_500 });
    await stream.until(2);
    await (await on.stream({ subscription: other })).until(10);
    assert.ok(stream.received.length <= 3, `${stream.received.length}`);
    await on.acknowledge(subscription, stream.received);
    await stream.until(5);
  },
});

await documented("Extend ack time with lease management", {
  "a message that is leased goes to nobody else": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "leased");
    await on.expect(subscription, ["leased"]);
    await on.expectNothing(topic, subscription);
  },
  "a message that is acknowledged does not come again": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "done");
    const received = await on.expect(subscription, ["done"]);
    await on.modify(subscription, received, 1);
    await on.acknowledge(subscription, received);
    assert.deepEqual(await on.pull(subscription, 1, 2_500), []);
    await on.acknowledge(subscription, received);
  },
  "a deadline of 0 gives a message back at once": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "again");
    const [first] = await on.expect(subscription, ["again"]);
    await on.modify(subscription, [first ?? {}], 0);
    const [second] = await on.expect(subscription, ["again"]);
    assert.equal(second?.message?.messageId, first?.message?.messageId);
    assert.notEqual(second?.ackId, first?.ackId);
  },
  "a message comes again when its deadline has passed, and not before": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "again");
    const received = await on.expect(subscription, ["again"]);
    const start = performance.now();
    await on.modify(subscription, received, 2);
    await on.expect(subscription, ["again"], 8_000);
    const ms = performance.now() - start;
    assert.ok(ms >= 1_900 && ms < 6_000, `${ms} ms`);
  },
  "the subscription's deadline counts for Pull, and the stream's for a stream": async (on) => {
    const topic = await on.topic();
    const short = await on.subscription(topic, { ackDeadlineSeconds: 10 });
    const long = await on.subscription(topic, { ackDeadlineSeconds: 600 });
    await on.publish(topic, "x");
    await on.expect(short, ["x"]);
    const stream = await on.stream({ subscription: long, streamAckDeadlineSeconds: 10 });
    await stream.until(1);
    await Promise.all([on.expect(short, ["x"], 16_000), stream.until(2, 16_000)]);
  },
  "a longer deadline keeps a message away from others": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "held");
    const received = await on.expect(subscription, ["held"]);
    await on.modify(subscription, received, 1);
    await on.modify(subscription, received, 60);
    assert.deepEqual(await on.pull(subscription, 1, 2_500), []);
  },
  "a deadline is at most 600 seconds": async (on) => {
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "x");
    const received = await on.expect(subscription, ["x"]);
    await refused(on.modify(subscription, received, 601), "INVALID_ARGUMENT");
    await refused(on.modify(subscription, received, -1), "INVALID_ARGUMENT");
  },
});

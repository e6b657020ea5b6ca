import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { documented } from "./documented.ts";
import { refused } from "./fixture.ts";

expectNoLeaks();

const data = Buffer.from("x");
const text = (length: number) => "x".repeat(length);

await documented("Quotas and limits", {
  "a message needs data or an attribute": async (on) => {
    const [topic, subscription] = await on.pair();
    await refused(on.publish(topic, {}), "INVALID_ARGUMENT");
    await on.publish(topic, { attributes: { only: "this" } });
    const [received] = await on.pull(subscription, 1);
    assert.deepEqual(received?.message?.attributes, { only: "this" });
  },
  "a request has at least one message": async (on) => {
    await refused(on.publish(await on.topic()), "INVALID_ARGUMENT");
  },
  "a request has at most 1,000 messages": async (on) => {
    const topic = await on.topic();
    const messages = new Array<string>(1_001).fill("x");
    await refused(on.publish(topic, ...messages), "INVALID_ARGUMENT");
    assert.equal((await on.publish(topic, ...messages.slice(1))).length, 1_000);
  },
  "a message has at most 100 attributes": async (on) => {
    const topic = await on.topic();
    const attributes = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`a${n}`, ""]));
    await refused(on.publish(topic, { data, attributes }), "INVALID_ARGUMENT");
    const { a0: _, ...hundred } = attributes;
    await on.publish(topic, { data, attributes: hundred });
  },
  "the key of an attribute has at most 256 bytes, and at least one": async (on) => {
    const topic = await on.topic();
    await refused(on.publish(topic, { data, attributes: { [text(257)]: "" } }), "INVALID_ARGUMENT");
    await refused(on.publish(topic, { data, attributes: { "": "x" } }), "INVALID_ARGUMENT");
    await on.publish(topic, { data, attributes: { [text(256)]: "" } });
  },
  "the value of an attribute has at most 1,024 bytes": async (on) => {
    const topic = await on.topic();
    await refused(on.publish(topic, { data, attributes: { a: text(1_025) } }), "INVALID_ARGUMENT");
    await refused(on.publish(topic, { data, attributes: { a: "ä".repeat(513) } }), "INVALID_ARGUMENT");
    await on.publish(topic, { data, attributes: { a: text(1_024) } });
  },
  "the key of an attribute does not start with goog": async (on) => {
    const topic = await on.topic();
    await refused(on.publish(topic, { data, attributes: { google: "x" } }), "INVALID_ARGUMENT");
  },
  "an ordering key has at most 1,024 bytes": async (on) => {
    const topic = await on.topic();
    await refused(on.publish(topic, { data, orderingKey: text(1_025) }), "INVALID_ARGUMENT");
    await on.publish(topic, { data, orderingKey: text(1_024) });
  },
  "the data of a message has at most 10 MB": async (on) => {
    const [topic, subscription] = await on.pair();
    await refused(on.publish(topic, { data: Buffer.alloc(10_500_000) }), "INVALID_ARGUMENT");
    await on.publish(topic, { data: Buffer.alloc(9_900_000, 1) });
    const [received] = await on.pull(subscription, 1, 20_000);
    assert.equal(received?.message?.data?.length, 9_900_000);
  },
});

await documented("Publish messages to topics", {
  "all messages of a request have the same ordering key": async (on) => {
    const topic = await on.topic();
    await refused(
      on.publish(topic, { data, orderingKey: "a" }, { data, orderingKey: "b" }),
      "INVALID_ARGUMENT",
    );
  },
  "a refused message fails its whole request": async (on) => {
    const [topic, subscription] = await on.pair();
    await refused(on.publish(topic, "fine", {}), "INVALID_ARGUMENT");
    await on.expectNothing(topic, subscription);
  },
  "a topic that is not there is NOT_FOUND": async (on) => {
    await refused(on.publish(on.name("topics"), "x"), "NOT_FOUND");
  },
  "ids are different, and come in the order of the messages": async (on) => {
    const [topic, subscription] = await on.pair();
    const ids = await on.publish(topic, "0", "1", "2", "3");
    assert.equal(new Set(ids).size, 4);
    const received = await on.expect(subscription, ["0", "1", "2", "3"]);
    for (const { message } of received) {
      assert.equal(message?.messageId, ids[Number(Buffer.from(message?.data ?? "").toString())]);
    }
  },
  "a message has the time at which it was published, and an id, whatever the publisher says": async (on) => {
    const [topic, subscription] = await on.pair();
    const before = Date.now();
    const [id] = await on.publish(topic, { data, messageId: "mine", publishTime: { seconds: 1, nanos: 5 } });
    const [received] = await on.pull(subscription, 1);
    assert.equal(received?.message?.messageId, id);
    assert.notEqual(id, "mine");
    const seconds = Number(received?.message?.publishTime?.seconds);
    assert.ok(Math.abs(seconds * 1_000 - before) < 10_000, `${seconds}`);
  },
  "every subscription gets every message, and none that was published before it": async (on) => {
    const topic = await on.topic();
    await on.publish(topic, "before");
    const [one, other] = [await on.subscription(topic), await on.subscription(topic)];
    await on.publish(topic, "after");
    await on.acknowledge(one, await on.expect(one, ["after"]));
    await on.acknowledge(other, await on.expect(other, ["after"]));
    await on.expectNothing(topic, one);
  },
  "data and attributes come as they were sent": async (on) => {
    const [topic, subscription] = await on.pair();
    const bytes = Buffer.from([0, 255, 10, 128]);
    const attributes = { a: "ä\u0000€", empty: "" };
    await on.publish(topic, { data: bytes, attributes, orderingKey: "key" });
    const [received] = await on.pull(subscription, 1);
    assert.deepEqual([...Buffer.from(received?.message?.data ?? "")], [...bytes]);
    assert.deepEqual(received?.message?.attributes, attributes);
    assert.equal(received?.message?.orderingKey, "key");
  },
});

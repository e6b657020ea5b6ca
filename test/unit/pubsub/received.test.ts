import assert from "node:assert/strict";
import { test } from "node:test";
import { protos } from "@google-cloud/pubsub";
import fc from "fast-check";
import { PulledDelivery } from "../../../src/pubsub/delivery.ts";
import { receivedMessages } from "../../../src/pubsub/received.ts";

const { StreamingPullResponse } = protos.google.pubsub.v1;
type Response = protos.google.pubsub.v1.IStreamingPullResponse;

/** The deliveries of a response as Google's own code writes it. */
function deliveries(response: Response, behind: readonly number[] = []): PulledDelivery[] {
  const bytes = Buffer.concat([StreamingPullResponse.encode(response).finish(), Buffer.from(behind)]);
  return receivedMessages(bytes).map((message) => new PulledDelivery(message, { settled() {} }, 7));
}

test("all that a message says is read, whatever it says", () => {
  const text = fc.string({ unit: "binary" }).filter((one) => one.isWellFormed());
  const message = fc.record({
    data: fc.uint8Array({ maxLength: 300 }),
    attributes: fc.dictionary(fc.oneof(text, fc.constant("__proto__")), text, { noNullPrototype: false }),
    messageId: text,
    orderingKey: text,
    publishTime: fc.record({
      seconds: fc.integer({ min: 0, max: 253_402_300_799 }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    }),
  });
  const received = fc.record({ ackId: text, message, deliveryAttempt: fc.nat() });
  fc.assert(
    fc.property(fc.array(received, { maxLength: 5 }), (receivedMessages) => {
      const read = deliveries({ receivedMessages });
      assert.equal(read.length, receivedMessages.length);
      for (const [i, { ackId, message, deliveryAttempt }] of receivedMessages.entries()) {
        const one = read[i] ?? assert.fail();
        assert.deepEqual(one.data, Buffer.from(message.data));
        assert.equal(one.dataBytes, message.data.length);
        assert.deepEqual(Object.entries(one.attributes), Object.entries(message.attributes));
        assert.equal(Object.getPrototypeOf(one.attributes), Object.prototype);
        assert.equal(one.messageId, message.messageId);
        const { seconds, nanos } = message.publishTime;
        assert.equal(one.publishedAt.getTime(), seconds * 1_000 + Math.floor(nanos / 1_000_000));
        assert.deepEqual([one.ackId, one.attempt, one.receivedAt], [ackId, deliveryAttempt, 7]);
      }
    }),
    { numRuns: 500 },
  );
});

test("what is left out is empty", () => {
  const [one = assert.fail()] = deliveries({ receivedMessages: [{ ackId: "a" }] });
  assert.deepEqual([one.data.length, one.attributes, one.messageId, one.attempt], [0, {}, "", 0]);
  assert.equal(one.publishedAt.getTime(), 0);
});

test("an answer to a ping has no messages, whatever else stands in it", () => {
  assert.deepEqual(deliveries({}), []);
  assert.deepEqual(deliveries({ subscriptionProperties: { exactlyOnceDeliveryEnabled: true } }), []);
});

test("fields that nobody knows yet are passed over", () => {
  const field1000 = [0xc2, 0x3e, 0x02, 0x68, 0x69];
  const [one, ...more] = deliveries(
    { receivedMessages: [{ ackId: "a", message: { messageId: "1" } }] },
    field1000,
  );
  assert.deepEqual([one?.ackId, one?.messageId, more.length], ["a", "1", 0]);
});

test("bytes that end too soon are an error", () => {
  const bytes = StreamingPullResponse.encode({
    receivedMessages: [{ ackId: "a", message: { data: Buffer.from("{}"), messageId: "1" } }],
  }).finish();
  for (let end = 1; end < bytes.length; end += 1) {
    assert.throws(() => receivedMessages(Buffer.from(bytes.subarray(0, end))), RangeError, `${end} bytes`);
  }
});

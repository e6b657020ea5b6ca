import assert from "node:assert/strict";
import test from "node:test";
import { ackIdText, readAckId } from "../../../../src/local/broker/ack-id.ts";
import { attributesOf, encodeBlock } from "../../../../src/local/broker/message.ts";
import { readPublishRequest } from "../../../../src/local/broker/publish-request.ts";
import { Slab } from "../../../../src/local/broker/slab.ts";
import { encodeEntry, encodeField, encodeNumber, WireReader } from "../../../../src/local/broker/wire.ts";

test("numbers of all sizes and texts of all lengths are read as they were written", () => {
  for (const value of [0, 1, 127, 128, 16_384, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
    const reader = new WireReader(encodeNumber(16, value));
    assert.ok(reader.next());
    assert.deepEqual([reader.field, reader.value], [16, value]);
    assert.equal(reader.next(), false);
  }
  for (const text of ["", "ä€", "x".repeat(200), "y".repeat(20_000)]) {
    const reader = new WireReader(encodeField(1, text));
    assert.ok(reader.next());
    assert.equal(reader.text(), text);
  }
});

test("bytes that are no message are refused", () => {
  const half = encodeField(1, "hello").subarray(0, 4);
  for (const bytes of [half, Buffer.from([0x80]), Buffer.from([0x0b]), Buffer.alloc(20, 0xff)]) {
    const reader = new WireReader(bytes);
    assert.throws(() => {
      while (reader.next());
    }, RangeError);
  }
});

test("a published message keeps its fields, and gets its id, its time and what is added", () => {
  const message = Buffer.concat([encodeField(1, "data"), encodeEntry(2, "a", "1"), encodeField(3, "mine")]);
  const bytes = Buffer.concat([encodeField(1, "topic"), encodeField(2, message), encodeField(2, message)]);
  const request = readPublishRequest(bytes);
  assert.equal(request.topic, "topic");
  const publication = { slab: new Slab(), publishedAt: 1_500.25, idBase: 7_000, firstSequence: 3 };
  const added = encodeEntry(2, "b", "2");
  const published = encodeBlock(bytes, request.messages, { ...publication, added });
  assert.deepEqual(
    published.map(({ sequence }) => sequence),
    [3, 4],
  );
  const [, second] = published;
  assert.ok(second);
  const fields = new Map<number, string>();
  const reader = new WireReader(second.block.bytes, second.start, second.end);
  while (reader.next()) fields.set(reader.field, reader.text());
  assert.equal(fields.get(1), "data");
  assert.equal(fields.get(3), "7004");
  const time = new WireReader(Buffer.from(fields.get(4) ?? "", "latin1"));
  assert.ok(time.next());
  assert.equal(time.value, 1);
  const attributes = attributesOf(second.block.bytes, second.start, second.end);
  assert.deepEqual(Object.fromEntries(attributes), { a: "1", b: "2" });
});

test("small messages share memory, large ones have their own", () => {
  const slab = new Slab();
  const [one, other, large] = [slab.take(100), slab.take(100), slab.take(1_000_000)];
  assert.equal(one.bytes, other.bytes);
  assert.equal(other.start, one.start + 100);
  assert.equal(large.bytes.length, 1_000_000);
  for (let n = 0; n < 1_000; n++) {
    const { bytes, start } = slab.take(20_000);
    assert.ok(start + 20_000 <= bytes.length);
  }
});

test("an ack id is read as it was written, and what is none is told from it", () => {
  assert.deepEqual(readAckId(ackIdText(1, 123_456_789_012, 36)), {
    subscription: 1,
    number: 123_456_789_012,
    lease: 36,
  });
  for (const text of ["", "1", "1-2", "1-2-3-4", "A-1-1", "1--1", " 1-2-3"])
    assert.equal(readAckId(text), undefined);
});

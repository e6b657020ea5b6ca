import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { chooseKey } from "../../../src/messages/choose-key.ts";
import { idempotencyKey, newIdempotencyKey } from "../../../src/messages/idempotency-key.ts";
import { uuidV7 } from "../../../src/messages/uuid-v7.ts";
import { decode, message } from "./sample-tables.ts";

const keyFor = (attributes: Record<string, string>, event?: { source: string; id: string }) =>
  chooseKey(message("{}", attributes), event);

describe("where a key comes from", () => {
  test("the attribute wins over everything else", () => {
    const attributes = { "idempotency-key": "order-7", "ce-source": "/shop", "ce-id": "1" };
    assert.deepEqual(keyFor(attributes, { source: "/other", id: "2" }), { key: "order-7" });
  });

  test("without it, source and id of the CloudEvent name the update, in either mode alike", () => {
    assert.equal(keyFor({ "ce-source": "/shop", "ce-id": "1 a" }).key, "ce:/shop|1 a");
    assert.equal(keyFor({}, { source: "/shop", id: "1 a" }).key, "ce:/shop|1 a");
    const event = { specversion: "1.0", type: "t", source: "/shop", id: "1 a", data: {} };
    assert.equal(decode(message(event)).key, "ce:/shop|1 a");
  });

  test("half a name is no name: the message id stands in", () => {
    for (const attributes of [
      { "ce-source": "/shop" },
      { "ce-id": "1" },
      { "ce-source": "", "ce-id": "1" },
    ]) {
      assert.equal(keyFor(attributes as Record<string, string>).key, "message:1234567890");
    }
  });

  test("source and id of any kind give a valid key, and different ones different keys", () => {
    const part = fc.oneof(
      fc.string({ minLength: 1, maxLength: 4 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
      fc.constantFrom("|", "a|", "|a", "a", "é", "x".repeat(300)),
    );
    fc.assert(
      fc.property(part, part, part, part, (source, id, otherSource, otherId) => {
        const { key } = keyFor({}, { source, id });
        const other = keyFor({}, { source: otherSource, id: otherId }).key;
        assert.equal(idempotencyKey(key), key);
        assert.ok(key.startsWith("ce:"));
        assert.equal(key === other, source === otherSource && id === otherId);
      }),
    );
  });
});

test("what source and id have between them is not lost where they meet", () => {
  const pairs = [
    ["a|b", "c"],
    ["a", "b|c"],
    ["é", "1x"],
    ["é1", "x"],
    ["x".repeat(200), "y".repeat(200)],
    [`${"x".repeat(200)}y`, "y".repeat(199)],
  ];
  assert.equal(
    new Set(pairs.map(([source = "", id = ""]) => keyFor({}, { source, id }).key)).size,
    pairs.length,
  );
});

describe("what a key is", () => {
  test("1 to 255 printable ASCII characters, spaces inside only", () => {
    for (const good of ["a", "~", "a b", "x".repeat(255), '"quoted"', "message:1", "ce:/a|b"]) {
      assert.equal(idempotencyKey(good), good);
    }
    for (const bad of ["", " ", " a", "a ", "x".repeat(256), "é", "a\u0000b", "a\nb", "a\u007f", "a\n"]) {
      assert.equal(idempotencyKey(bad), undefined, JSON.stringify(bad));
    }
  });

  test("a bad key is invalid, and filed under the message id", () => {
    for (const bad of ["", " a", "x".repeat(5_000), "naïve"]) {
      const { key, rejection, fingerprint } = decode(message("{}", { "idempotency-key": bad }));
      assert.equal(key, "message:1234567890");
      assert.deepEqual(
        [rejection?.code, rejection?.rule, rejection?.pointer],
        ["invalid", "idempotency_key", undefined],
      );
      assert.ok((rejection?.message.length ?? 0) < 250);
      assert.match(fingerprint, /^[0-9a-f]{64}$/);
    }
  });
});

describe("new keys", () => {
  const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  test("they are UUIDs of version 7 that say when they were made", () => {
    const before = Date.now();
    const key = newIdempotencyKey();
    assert.match(key, UUID_V7);
    const made = Number.parseInt(key.replaceAll("-", "").slice(0, 12), 16);
    assert.ok(made >= before && made <= Date.now() + 1_000);
  });

  test("each sorts after the one before it, also many in one millisecond and when the clock steps back", () => {
    const later = Date.now() + 60_000;
    const clocks = [
      ...Array.from({ length: 10_000 }, () => later),
      later - 5_000,
      later - 1,
      later,
      later + 1,
      later + 9,
    ];
    const made = clocks.map((clock) => uuidV7(clock));
    assert.ok(made.every((uuid) => UUID_V7.test(uuid)));
    assert.deepEqual(made, [...new Set(made)].sort());
  });
});

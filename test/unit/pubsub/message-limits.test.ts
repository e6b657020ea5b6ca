import assert from "node:assert/strict";
import { test } from "node:test";
import { messageFault } from "../../../src/pubsub/message-limits.ts";

const data = Buffer.from("x");

test("a message at the limits passes", () => {
  assert.equal(messageFault(data, {}), undefined);
  assert.equal(messageFault(Buffer.alloc(0), { a: "b" }), undefined);
  assert.equal(messageFault(Buffer.alloc(10_000_000), {}), undefined);
  assert.equal(messageFault(data, { ["k".repeat(256)]: "v".repeat(1_024) }), undefined);
  const hundred = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, ""]));
  assert.equal(messageFault(data, hundred), undefined);
});

test("a message over a limit is told which", () => {
  const faults: [string, Buffer, Record<string, string>][] = [
    ["needs data or an attribute", Buffer.alloc(0), {}],
    ["10000001 bytes are more than 10000000", Buffer.alloc(10_000_001), {}],
    ["10000002 bytes are more than 10000000", Buffer.alloc(10_000_000), { a: "b" }],
    ["its name is longer than 256 bytes", data, { ["k".repeat(257)]: "" }],
    ["its value is longer than 1024 bytes", data, { k: "ä".repeat(513) }],
    ["an attribute has no name", data, { "": "v" }],
    ['names that start with "goog"', data, { googclient_schemaname: "v" }],
    [
      "101 attributes",
      data,
      Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, ""])),
    ],
  ];
  for (const [words, bytes, attributes] of faults) {
    assert.ok(messageFault(bytes, attributes)?.includes(words), words);
  }
});

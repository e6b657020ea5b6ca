import assert from "node:assert/strict";
import { test } from "node:test";
import { OPEN_ACCESS } from "../../../src/http/access.ts";
import { HttpProblem } from "../../../src/http/problem.ts";
import { checkItem, headerKey } from "../../../src/http/publish-item.ts";
import { createEncoder } from "../../../src/messages/encode.ts";
import { ANYBODY } from "../../../src/messages/principal.ts";
import { registry } from "../../../src/tables/registry.ts";

const LIMITS = { changes: 100, dataBytes: 1_000, depth: 64 };
const rules = { encode: createEncoder(registry, LIMITS), access: OPEN_ACCESS };
const ADA = { table: "customers", op: "upsert", key: { customerID: "c" }, set: { firstName: "Ada" } };

test("the Idempotency-Key header is bare or a quoted string", () => {
  assert.equal(headerKey(undefined), undefined);
  assert.equal(headerKey("a-b"), "a-b");
  assert.equal(headerKey('"a b"'), "a b");
  assert.equal(headerKey('"a\\"b\\\\c"'), 'a"b\\c');
  for (const header of ['"a', '"a"b"', '"a\\b"', '"']) {
    assert.throws(() => headerKey(header), HttpProblem, header);
  }
  assert.throws(() => headerKey(["a", "b"]), /more than once/);
});

test("the key is that of the header, else the item's own, else a new one", () => {
  assert.equal(checkItem(ADA, "h", ANYBODY, rules).message?.key, "h");
  assert.equal(checkItem({ ...ADA, idempotencyKey: "own" }, undefined, ANYBODY, rules).message?.key, "own");
  assert.equal(checkItem({ ...ADA, idempotencyKey: "h" }, "h", ANYBODY, rules).message?.key, "h");
  const made = [checkItem(ADA, undefined, ANYBODY, rules), checkItem(ADA, undefined, ANYBODY, rules)];
  assert.equal(new Set(made.map(({ message }) => message?.key)).size, 2);
  assert.match(made[0]?.message?.key ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test("an item's own key is no part of its update", () => {
  const [own, bare] = [
    checkItem({ ...ADA, idempotencyKey: "k" }, undefined, ANYBODY, rules),
    checkItem(ADA, "k", ANYBODY, rules),
  ];
  assert.deepEqual(own.message?.data, bare.message?.data);
  assert.deepEqual(own.message?.fingerprint, bare.message?.fingerprint);
});

test("two keys that differ, and a key that is none, are refused with their pointer", () => {
  const differ = checkItem({ ...ADA, idempotencyKey: "a" }, "b", ANYBODY, rules).problem;
  assert.equal(differ?.pointer, "/idempotencyKey");
  const number = checkItem({ ...ADA, idempotencyKey: 5 }, undefined, ANYBODY, rules).problem;
  assert.equal(number?.pointer, "/idempotencyKey");
  assert.equal(number?.status, 422);
  const spaces = checkItem(ADA, " a ", ANYBODY, rules).problem;
  assert.equal(spaces?.rule, "idempotency_key");
});

test("a refused item names each of its faults", () => {
  const bad = { ...ADA, set: { firstName: 5, lastName: true, nope: null } };
  const { problem } = checkItem(bad, "k", ANYBODY, rules);
  assert.equal(problem?.status, 422);
  assert.deepEqual(problem?.errors?.map(({ pointer, code }) => [pointer, code]).sort(), [
    ["/set/firstName", "invalid"],
    ["/set/lastName", "invalid"],
    ["/set/nope", "unknown_column"],
  ]);
});

test("what is no object, too large or of no table has its own code", () => {
  assert.equal(checkItem(5, undefined, ANYBODY, rules).problem?.code, "invalid");
  assert.equal(checkItem(null, undefined, ANYBODY, rules).problem?.code, "invalid");
  assert.equal(
    checkItem({ ...ADA, table: "nope" }, undefined, ANYBODY, rules).problem?.code,
    "unknown_table",
  );
  const large = { ...ADA, set: { firstName: "x".repeat(1_000) } };
  assert.equal(checkItem(large, undefined, ANYBODY, rules).problem?.status, 413);
});

test("a member called __proto__ is refused as a member, and changes nothing", () => {
  const item = JSON.parse(
    '{"table":"customers","op":"upsert","key":{"customerID":"c"},"__proto__":{"idempotencyKey":"x"}}',
  );
  const { problem } = checkItem(item, undefined, ANYBODY, rules);
  assert.equal(problem?.rule, "unknown_member");
  assert.equal(({} as { idempotencyKey?: string }).idempotencyKey, undefined);
});

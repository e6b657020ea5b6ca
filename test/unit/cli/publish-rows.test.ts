import assert from "node:assert/strict";
import { test } from "node:test";
import { flatRows, wholeUpdates } from "../../../src/cli/publish-rows.ts";
import type { JsonValue } from "../../../src/messages/json-value.ts";
import { table as customers } from "../../../src/tables/definitions/customers.ts";
import { table as toots } from "../../../src/tables/definitions/toots.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";
import { badges } from "../../support/tables.ts";

const MEMBER = { name: "idempotencyKey", required: false, stays: false };

test("a flat row's key columns go to key, and the others to set", () => {
  const { shape } = flatRows(badges, "upsert", MEMBER);
  assert.deepEqual(shape({ points: 3, kind: "gold", person: 1 }, undefined), {
    update: { table: "badges", op: "upsert", key: { kind: "gold", person: 1 }, set: { points: 3 } },
    key: undefined,
  });
  assert.deepEqual(shape({ kind: "gold", person: 1 }, undefined), {
    update: { table: "badges", op: "upsert", key: { kind: "gold", person: 1 } },
    key: undefined,
  });
});

test("a column called __proto__ is data", () => {
  const row = JSON.parse('{"customerID":"c-1","__proto__":{"firstName":"x"}}') as JsonValue;
  const { update } = flatRows(customers, "upsert", MEMBER).shape(row, undefined);
  assert.equal(
    JSON.stringify(update),
    '{"table":"customers","op":"upsert","key":{"customerID":"c-1"},"set":{"__proto__":{"firstName":"x"}}}',
  );
});

test("a row by its key has it in its name, and may repeat it", () => {
  const { shape } = flatRows(toots, "upsert", MEMBER);
  const key = (row: JsonValue, name: string) => {
    const { update, fault } = shape(row, name);
    return fault?.rule ?? (update as { key: unknown }).key;
  };
  const big = "109999999999999999";
  assert.deepEqual(key({ content: "x" }, big), { id: big });
  assert.deepEqual(key({ id: new LosslessNumber(big) }, big), { id: new LosslessNumber(big) });
  assert.deepEqual(key({ id: "0012" }, "12"), { id: "0012" });
  assert.equal(key({ id: 109999999999999980 }, big), "same_key");
  assert.equal(key({ id: 1 }, "x"), "same_key");
});

test("what is no object is no row", () => {
  for (const value of [null, 1, "x", [{}]]) {
    assert.equal(flatRows(customers, "upsert", MEMBER).shape(value, undefined).fault?.rule, "type");
  }
});

test("a key that is written in the record is taken off, unless it is the row's own", () => {
  const row = { customerID: "c-1", idempotencyKey: "k" };
  assert.deepEqual(flatRows(customers, "delete", MEMBER).shape(row, undefined), {
    update: { table: "customers", op: "delete", key: { customerID: "c-1" } },
    key: "k",
  });
  const own = { name: "customerID", required: true, stays: true };
  assert.deepEqual(flatRows(customers, "upsert", own).shape({ firstName: "a" }, "c-1"), {
    update: { table: "customers", op: "upsert", key: { customerID: "c-1" }, set: { firstName: "a" } },
    key: "c-1",
  });
  const update = { table: "customers", op: "delete", key: { customerID: "c" } };
  assert.deepEqual(
    wholeUpdates({ ...MEMBER, name: "event" }).shape(
      { ...update, event: new LosslessNumber("12345678901234567890") },
      undefined,
    ),
    { update, key: "12345678901234567890" },
  );
});

test("a record without the key that it must have is refused with its place", () => {
  const { shape } = wholeUpdates({ name: "event", required: true, stays: false });
  assert.equal(shape({ table: "customers" }, undefined).fault?.pointer, "/event");
  assert.equal(shape({ event: null }, undefined).fault?.rule, "idempotency_key");
  assert.equal(shape({ event: { a: 1 } }, undefined).fault?.rule, "idempotency_key");
});

test("faults of an update point into the row that it was made from", () => {
  const { pointer } = flatRows(customers, "upsert", MEMBER);
  assert.deepEqual(["/key/customerID", "/set/a~1b", "/key", "", "/setting"].map(pointer), [
    "/customerID",
    "/a~1b",
    "",
    "",
    "/setting",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rowId } from "../../../src/messages/row-id.ts";
import { changesOf, ledger, notes, seats } from "./sample-tables.ts";

test("one row has one name, however its key is written", () => {
  const names = ["7", "7.0", "70e-1", '"7"', '"007"'].map(
    (id) => changesOf(`{"table":"ledger","op":"delete","key":{"id":${id}}}`)[0]?.row,
  );
  assert.equal(new Set(names).size, 1);
});

test("tables keep their rows apart", () => {
  assert.notEqual(rowId(ledger, { id: 1n }), rowId(notes, { id: 1n }));
});

test("different composite keys have different names", () => {
  const part = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("1:", "\u00001:1", "1:a\u00002:"));
  const key = fc.record({ row: part, number: fc.nat(200) });
  fc.assert(
    fc.property(key, key, (a, b) => {
      assert.equal(rowId(seats, a) === rowId(seats, b), a.row === b.row && a.number === b.number);
    }),
  );
});

test("an insert whose key the server chooses names no row", () => {
  const [change] = changesOf({ table: "notes", op: "insert", set: { body: "x" } });
  assert.equal(change?.row, undefined);
  assert.deepEqual(change?.key, {});
});

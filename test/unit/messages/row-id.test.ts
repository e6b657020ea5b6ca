import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { rowId } from "../../../src/messages/row-id.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
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

test("the values of a composite key don't run into each other", () => {
  const pairs = defineTable({
    name: "pairs",
    columns: { a: p.string().length(9), b: p.string().length(9) },
    key: ["a", "b"],
  });
  const part = fc.stringMatching(/^[01:\u0000]{0,4}$/);
  fc.assert(
    fc.property(part, part, part, part, (a, b, otherA, otherB) => {
      assert.equal(
        rowId(pairs, { a, b }) === rowId(pairs, { a: otherA, b: otherB }),
        a === otherA && b === otherB,
      );
    }),
    {
      examples: [
        ["0:1", "0", "0", "1:0"],
        ["", "0", "0", ""],
        ["0\u0000", "1", "0", "\u00001"],
      ],
    },
  );
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

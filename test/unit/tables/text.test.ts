import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../../src/tables/define-table.ts";
import { columnOf, lossless, read } from "./column-of.ts";

test("VARCHAR is counted in characters, not in bytes or UTF-16 units", () => {
  const column = columnOf(p.string().length(3));
  assert.equal(read(column, "😀😀😀"), "😀😀😀");
  assert.equal(read(column, "😀😀😀😀"), "rule: max_length");
  assert.equal(read(column, "abcd"), "rule: max_length");
  assert.equal(read(column, ""), "");
});

test("VARCHAR keeps every character, trailing spaces and control characters too", () => {
  const column = columnOf(p.string().length(20));
  for (const text of ["a  ", "\u0000\u001f\u007f\n\\'\"%_", "\u{10ffff}\ufeff"]) {
    assert.equal(read(column, text), text);
    assert.equal(column.fromDatabase(text), text);
  }
});

test("CHAR has no trailing spaces, as MySQL reads it", () => {
  const column = columnOf(p.character().length(3));
  assert.equal(column.sqlType, "char(3)");
  assert.equal(read(column, "ab      "), "ab");
  assert.equal(read(column, "   "), "");
  assert.equal(read(column, "abcd"), "rule: max_length");
});

test("the TEXT family is counted in bytes of UTF-8", () => {
  const tiny = columnOf(p.text().columnType("tinytext"));
  assert.equal(read(tiny, "é".repeat(127)), "é".repeat(127));
  assert.equal(read(tiny, "é".repeat(128)), "rule: max_length");
  assert.equal(read(tiny, "a".repeat(255)), "a".repeat(255));
  const text = columnOf(p.text());
  assert.equal(read(text, "a".repeat(65_535)), "a".repeat(65_535));
  assert.equal(read(text, "a".repeat(65_536)), "rule: max_length");
  assert.equal(read(columnOf(p.text().columnType("mediumtext")), "a".repeat(65_536)), "a".repeat(65_536));
  assert.equal(read(columnOf(p.text().columnType("longtext")), "x"), "x");
});

test("half a surrogate pair is refused everywhere", () => {
  for (const column of [
    columnOf(p.string().length(9)),
    columnOf(p.text()),
    columnOf(p.character().length(9)),
  ]) {
    assert.equal(read(column, "\ud83d"), "rule: unicode");
    assert.equal(read(column, "a\ude00b"), "rule: unicode");
  }
});

test("text is read from JSON strings only", () => {
  const column = columnOf(p.string().length(9));
  for (const input of [1, true, {}, [], lossless("12345678901234567890")]) {
    assert.equal(read(column, input), "rule: type");
  }
  assert.equal(read(column, null), "rule: not_null");
});

test("a key of text must not end in a space, which MySQL would not tell from none", () => {
  const table = defineTable({ name: "t", columns: { id: p.string().length(5), n: p.integer() }, key: "id" });
  const key = table.key[0];
  assert.ok(key !== undefined);
  assert.equal(read(key, "a "), "rule: trailing_space");
  assert.equal(read(key, " "), "rule: trailing_space");
  assert.equal(read(key, " a"), " a");
  assert.equal(read(key, "a\n"), "a\n");
  assert.equal(read(key, ""), "");
});

test("ENUM takes its members letter for letter", () => {
  const column = columnOf(p.enum(["a", "b'c", "d\\e", "", "é😀"]));
  assert.equal(column.kind, "enum");
  assert.equal(column.sqlType, "enum('a','b''c','d\\\\e','','é😀')");
  for (const member of ["a", "b'c", "d\\e", "", "é😀"]) {
    assert.equal(read(column, member), member);
  }
  for (const other of ["A", "a ", "b", "é"]) {
    assert.equal(read(column, other), "rule: enum");
  }
  assert.equal(read(column, 1), "rule: type");
  assert.throws(() => columnOf(p.enum(["a", "A"])), /takes for the same/);
});

test("binary data is base64 on the wire", () => {
  const column = columnOf(p.blob().columnType("varbinary(4)"));
  assert.equal(read(column, "AAECAw=="), "AAECAw==");
  assert.equal(read(column, ""), "");
  assert.equal(read(column, "AAECAwQ="), "rule: max_length");
  for (const input of ["A", "AA", "AA=", "AAE", "A===", "AB==", "_-8=", "AA==\n", "AA= ", "AA==AA=="]) {
    assert.equal(read(column, input), "rule: format", JSON.stringify(input));
  }
  assert.equal(read(column, 5), "rule: type");
  assert.equal(column.fromDatabase(Buffer.from([0, 1, 2, 3])), "AAECAw==");
});

test("BINARY is padded with zero bytes, as MySQL keeps it", () => {
  const column = columnOf(p.blob().columnType("binary(4)"));
  assert.equal(read(column, "AQI="), "AQIAAA==");
  assert.equal(read(column, ""), "AAAAAA==");
  assert.equal(column.fromDatabase(Buffer.from([1, 2, 0, 0])), "AQIAAA==");
});

test("the BLOB family takes as many bytes as each type holds", () => {
  const bytes = (count: number) => Buffer.alloc(count, 7).toString("base64");
  assert.equal(read(columnOf(p.blob().columnType("tinyblob")), bytes(255)), bytes(255));
  assert.equal(read(columnOf(p.blob().columnType("tinyblob")), bytes(256)), "rule: max_length");
  assert.equal(read(columnOf(p.blob()), bytes(65_535)), bytes(65_535));
  assert.equal(read(columnOf(p.blob()), bytes(65_536)), "rule: max_length");
  assert.equal(read(columnOf(p.blob().columnType("longblob")), bytes(65_536)), bytes(65_536));
});

test("a boolean is true or false, or 1 or 0", () => {
  const column = columnOf(p.boolean());
  assert.equal(column.kind, "boolean");
  assert.deepEqual(
    [true, false, 1, 0].map((input) => read(column, input)),
    [true, false, true, false],
  );
  for (const input of [2, -1, 0.5, "true", "1", [], {}]) {
    assert.equal(read(column, input), "rule: type");
  }
  assert.equal(read(column, null), "rule: not_null");
  assert.deepEqual(
    [0, 1, 2].map((raw) => column.fromDatabase(raw)),
    [false, true, true],
  );
  assert.equal(column.delta, undefined);
});

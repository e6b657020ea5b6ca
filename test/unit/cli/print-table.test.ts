import assert from "node:assert/strict";
import { test } from "node:test";
import { printFacts, printTable, wrap } from "../../../src/cli/print-table.ts";
import { displayWidth, printable, printableLines, shorten } from "../../../src/cli/printable.ts";

const COLUMNS = [
  { title: "ID", align: "right" },
  { title: "KEY", cut: "middle" },
  { title: "NOTE", cut: "end" },
] as const;

test("a table is as wide as its cells and ends no line with spaces", () => {
  const rows = [{ cells: ["7", "a", ""] }, { cells: ["12", "abc", "x"], below: ["a sentence"] }];
  assert.equal(printTable(COLUMNS, rows, 80), "ID  KEY  NOTE\n 7  a\n12  abc  x\n    a sentence\n");
});

test("a table that is too wide cuts its widest cells, keys in the middle", () => {
  const rows = [{ cells: ["1", "0123456789abcdef", "some long words here"] }];
  const [, line = ""] = printTable(COLUMNS, rows, 30).split("\n");
  assert.equal(line, " 1  012345…bcdef  some long w…");
  assert.equal(displayWidth(line), 30);
});

test("wide characters take two columns in a table", () => {
  const rows = [{ cells: ["1", "日本", "x"] }, { cells: ["2", "👍", "y"] }];
  assert.equal(printTable(COLUMNS, rows, 80), "ID  KEY   NOTE\n 1  日本  x\n 2  👍    y\n");
});

test("facts stand under each other and long ones go on under their beginning", () => {
  const facts = [
    ["key", "k-1"],
    ["why", "one two three four"],
  ] as const;
  assert.equal(printFacts(facts, 14), "key  k-1\nwhy  one two\n     three\n     four\n");
});

test("a word longer than the line is not broken", () => {
  assert.deepEqual(wrap("a 0123456789 b", 5), ["a", "0123456789", "b"]);
});

test("what a terminal would act on is written as an escape", () => {
  assert.equal(
    printable("a\u001b[2J\r\n\u009b\u202eb\u200b\ud800"),
    "a\\u001b[2J\\r\\n\\u009b\\u202eb\\u200b\ufffd",
  );
  assert.equal(printableLines("a\n\tb\u0007"), "a\n\tb\\u0007");
});

test("shortened text is never wider than asked for", () => {
  assert.equal(shorten("日本語", 4), "日…");
  assert.equal(shorten("abcdef", 4, "middle"), "ab…f");
  assert.equal(shorten("abc", 3), "abc");
});

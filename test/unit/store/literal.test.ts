import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { bytesLiteral, identifier, literal, timeLiteral } from "../../../src/store/literal.ts";
import type { Column, Value } from "../../../src/tables/definition.ts";
import { defineTable } from "../../../src/tables/define-table.ts";

const table = defineTable({
  name: "t",
  columns: {
    id: p.integer(),
    big: p.bigint().nullable(),
    amount: p.decimal().precision(65).scale(30).nullable(),
    ok: p.boolean().nullable(),
    word: p.string().length(50).nullable(),
    raw: p.blob().nullable(),
    doc: p.json().nullable(),
  },
  key: "id",
});
const sql = (name: string, value: Value, flavor: "mysql" | "mariadb" = "mysql") =>
  literal(table.columns.get(name) as Column, value, flavor);

test("numbers stand as they are, digit for digit", () => {
  assert.equal(sql("big", 18446744073709551615n), "18446744073709551615");
  assert.equal(sql("amount", "-0.000000000000000000000000000001"), "-0.000000000000000000000000000001");
  assert.equal(sql("ok", true), "1");
  assert.equal(sql("word", null), "NULL");
});

test("text cannot leave its quotes", () => {
  const text = 'it\'s \\ "x"\n\0\u001a😀; DROP TABLE t; --';
  const quoted = sql("word", text);
  assert.match(quoted, /^'(?:[^'\\]|\\[\s\S])*'$/u);
  assert.equal(identifier("a`b"), "`a``b`");
});

test("canonical JSON cannot leave its quotes, and keeps its own", () => {
  const text = JSON.stringify({ a: `it's \\' "x"\n\0` });
  const quoted = sql("doc", text);
  assert.match(quoted, /^'(?:[^'\\]|''|\\[\s\S])*'$/u);
  const read = quoted.slice(1, -1).replace(/''|\\([\s\S])/g, (pair, escaped) => escaped ?? pair.slice(1));
  assert.equal(read, text);
});

test("bytes and moments have their own forms", () => {
  assert.equal(sql("raw", "AP8="), "X'00ff'");
  assert.equal(bytesLiteral(Buffer.alloc(0)), "X''");
  assert.equal(timeLiteral(new Date(1_720_715_192_123)), "'2024-07-11 16:26:32.123'");
});

test("MySQL is given the numbers of JSON that it would round as decimals, MariaDB the text", () => {
  const text = '{"a":[{"b\\"c":1.00000000000000000001}],"n":18446744073709551615,"x":0.30000000000000004}';
  assert.equal(sql("doc", '{"a":0.5}'), `'{"a":0.5}'`);
  const built = sql("doc", text);
  assert.match(built, /^JSON_SET\(CAST\('.*' AS JSON\),'\$\.\\"a\\"\[0\]\.\\"b/);
  assert.match(built, /CAST\('1\.00000000000000000001' AS DECIMAL\(65,20\)\)\)$/);
  assert.match(built, /18446744073709551615/);
  assert.match(built, /0\.30000000000000004/);
  assert.equal(
    sql("doc", "123456789012345678901234567890"),
    "CAST(CAST('123456789012345678901234567890' AS DECIMAL(65,0)) AS JSON)",
  );
  assert.equal(sql("doc", text, "mariadb").startsWith("'{"), true);
});

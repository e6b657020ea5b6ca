import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { columnOf, lossless, read } from "./column-of.ts";

test("a set is its members in the declared order, each once", () => {
  const set = columnOf(p.type("set('b','a','c d')"));
  const cases: [unknown, unknown][] = [
    ["", ""],
    ["a", "a"],
    ["a,b", "b,a"],
    ["c d,a,a", "a,c d"],
    ["A", "rule: enum"],
    ["a,", "rule: enum"],
    [",", "rule: enum"],
    ["a, b", "rule: enum"],
    [["a"], "rule: type"],
    [1, "rule: type"],
    [null, "rule: not_null"],
  ];
  for (const [input, expected] of cases) assert.equal(read(set, input), expected, JSON.stringify(input));
  assert.equal(set.fromDatabase("b,a"), "b,a");
  assert.equal(columnOf(p.type("set('b','a')").default("a,b")).defaultValue, "b,a");
});

test("the schema of a set takes what the set takes", () => {
  const { pattern } = (columnOf(p.type("set('a.b','c')")).wire._zod.toJSONSchema?.() ?? {}) as {
    pattern: string;
  };
  const schema = new RegExp(pattern, "u");
  for (const good of ["", "c", "a.b", "c,a.b", "a.b,a.b,c"]) assert.match(good, schema);
  for (const bad of ["aXb", "c,", ",c", "cc", "d"]) assert.doesNotMatch(bad, schema);
});

test("bits are a whole number", () => {
  const bits = columnOf(p.type("bit(3)"));
  assert.equal(read(bits, 5), 5n);
  assert.equal(read(bits, "7"), 7n);
  assert.equal(read(bits, 8), "rule: range");
  assert.equal(read(bits, -1), "rule: range");
  assert.equal(read(bits, true), "rule: type");
  assert.equal(bits.fromDatabase(Buffer.from([5])), 5n);
  assert.equal(bits.delta, undefined);
  const wide = columnOf(p.type("bit(64)"));
  assert.equal(read(wide, lossless("18446744073709551615")), 2n ** 64n - 1n);
  assert.equal(wide.fromDatabase(Buffer.alloc(8, 255)), 2n ** 64n - 1n);
});

test("an unsigned floating-point column takes nothing below zero", () => {
  const positive = columnOf(p.type("double unsigned"));
  assert.equal(read(positive, 0.5), 0.5);
  assert.equal(read(positive, -0.5), "rule: range");
  assert.equal(positive.plus(1, -2), undefined);
});

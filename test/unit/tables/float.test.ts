import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { columnOf, lossless, read, readDelta } from "./column-of.ts";

const single = columnOf(p.float());
const double = columnOf(p.double());

test("FLOAT and DOUBLE hold the nearest number of their precision", () => {
  assert.equal(read(single, 0.1), Math.fround(0.1));
  assert.equal(read(single, 16777217), 16777216);
  assert.equal(read(double, 0.1), 0.1);
  assert.equal(read(double, "1.5e3"), 1500);
  assert.equal(read(double, lossless("0.1000000000000000055511151231257827")), 0.1);
  assert.ok(Object.is(read(double, -0), 0));
  assert.ok(Object.is(read(single, "-1e-60"), 0));
});

test("what is too large for FLOAT or DOUBLE is out of range, not infinite", () => {
  assert.equal(read(single, 3.5e38), "rule: range");
  assert.equal(read(single, -3.5e38), "rule: range");
  assert.equal(read(double, lossless("1e309")), "rule: range");
  assert.equal(read(double, "-1e309"), "rule: range");
  assert.equal(single.plus(Math.fround(3e38), 3e38), undefined);
  assert.equal(double.plus(1e308, 1e308), undefined);
});

test("a FLOAT or DOUBLE is not read from other things", () => {
  for (const input of ["", "NaN", "Infinity", "1,5", "0x1"]) {
    assert.equal(read(double, input), "rule: format", input);
  }
  assert.equal(read(double, true), "rule: type");
  assert.equal(read(double, null), "rule: not_null");
  assert.equal(readDelta(double, "0.5"), 0.5);
});

test("FLOAT and DOUBLE come back from the text that the server prints", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(double.fromDatabase(String(value)), value + 0);
    }),
  );
  assert.equal(single.fromDatabase("-2.142977715522656e-40"), Math.fround(-2.1429777155226563e-40));
  assert.equal(single.plus(null, 0.1), Math.fround(0.1));
  assert.equal(double.compare(1.5, 2), -1);
});

test("a FLOAT with a number of digits, which rounds, is refused", () => {
  assert.throws(() => columnOf(p.float().columnType("float(7,2)")), /column c: float\(7,2\) rounds/);
  assert.equal(columnOf(p.float().columnType("float(53)")).kind, "double");
  assert.equal(columnOf(p.float().columnType("real")).kind, "double");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { columnOf, lossless, read, readDelta } from "./column-of.ts";

const WIDTHS = [
  ["tinyint", -128n, 127n],
  ["tinyint unsigned", 0n, 255n],
  ["smallint", -32768n, 32767n],
  ["smallint unsigned", 0n, 65535n],
  ["mediumint", -8388608n, 8388607n],
  ["mediumint unsigned", 0n, 16777215n],
  ["int", -2147483648n, 2147483647n],
  ["int unsigned", 0n, 4294967295n],
  ["bigint", -(2n ** 63n), 2n ** 63n - 1n],
  ["bigint unsigned", 0n, 2n ** 64n - 1n],
] as const;

for (const [type, min, max] of WIDTHS) {
  const column = columnOf(p.integer().columnType(type));
  const canonical = (value: bigint) => (type.startsWith("bigint") ? value : Number(value));

  test(`${type} takes its whole range in every spelling and nothing beyond`, () => {
    assert.equal(column.sqlType, type);
    for (const value of [min, max, 0n, 1n]) {
      for (const spelling of [`${value}`, lossless(`${value}`), lossless(`${value}.000`)]) {
        assert.equal(read(column, spelling), canonical(value));
      }
    }
    for (const beyond of [min - 1n, max + 1n, 10n ** 30n]) {
      assert.equal(read(column, `${beyond}`), "rule: range");
      assert.equal(read(column, lossless(`${beyond}`)), "rule: range");
    }
  });

  test(`${type} adds exactly, and not beyond its range`, () => {
    const inside = fc.bigInt({ min, max });
    fc.assert(
      fc.property(inside, inside, inside, (value, to, far) => {
        assert.equal(column.plus(canonical(value), to - value), canonical(to));
        const sum = value + far;
        const expected = sum < min || sum > max ? undefined : canonical(sum);
        assert.equal(column.plus(canonical(value), far), expected);
        assert.equal(column.compare(canonical(value), canonical(to)), value < to ? -1 : value > to ? 1 : 0);
      }),
    );
    assert.equal(column.plus(null, 1n), canonical(1n), "NULL counts as 0");
    assert.equal(column.plus(canonical(max), 1n), undefined);
    assert.equal(column.plus(canonical(min), -1n), undefined);
  });

  test(`${type} takes signed differences as wide as its range`, () => {
    assert.equal(readDelta(column, `${max - min}`), max - min);
    assert.equal(readDelta(column, lossless(`${min - max}`)), min - max);
    assert.equal(readDelta(column, -1), -1n);
    assert.equal(readDelta(column, `${max - min + 1n}`), "rule: range");
    assert.equal(readDelta(column, null), "rule: not_null");
    assert.equal(readDelta(column, 0.5), "rule: scale");
  });
}

test("an integer is exact, whatever it looks like", () => {
  const int = columnOf(p.integer());
  const big = columnOf(p.bigint());
  assert.equal(read(int, 1e2), 100);
  assert.equal(read(int, lossless("1.5e3")), 1500);
  assert.equal(read(int, "-0"), 0);
  assert.ok(Object.is(read(int, -0), 0));
  assert.equal(read(int, "+007"), 7);
  assert.equal(read(int, 1.5), "rule: scale");
  assert.equal(read(int, "1.5"), "rule: scale");
  assert.equal(read(int, 1e300), "rule: range");
  assert.equal(read(int, lossless("1e999999999999")), "rule: range");
  assert.equal(read(int, lossless("1e-999999999999")), "rule: scale");
  assert.equal(read(big, 9007199254740993000), 9007199254740993000n);
  assert.equal(read(big, lossless("9007199254740993")), 9007199254740993n);
  assert.equal(read(big, "9223372036854775807"), 9223372036854775807n);
  assert.equal(read(columnOf(p.bigint().unsigned()), -1), "rule: range");
});

test("a difference is in range whether it is a number or a text", () => {
  const tiny = columnOf(p.tinyint());
  for (const more of [255, "255", -255]) assert.equal(readDelta(tiny, more), BigInt(more));
  for (const more of [256, "256", -256, 1000])
    assert.equal(readDelta(tiny, more), "rule: range", String(more));
});

test("an integer is not read from other things", () => {
  const int = columnOf(p.integer());
  for (const input of ["", " 1", "1 ", "1e2", "0x10", "1_000", "one", "--1", "1.", ".5", "٣"]) {
    assert.equal(read(int, input), "rule: format", JSON.stringify(input));
  }
  for (const input of [true, [], {}, [1]]) {
    assert.equal(read(int, input), "rule: type");
  }
  assert.equal(read(int, null), "rule: not_null");
  assert.equal(read(int, undefined), "rule: required");
  assert.equal(read(columnOf(p.integer().nullable()), null), null);
});

test("an integer with a million digits is refused at once", () => {
  const digits = "9".repeat(1_000_000);
  const zeros = `${"0".repeat(1_000_000)}1`;
  const start = performance.now();
  assert.equal(read(columnOf(p.bigint()), digits), "rule: range");
  assert.equal(read(columnOf(p.bigint()), zeros), 1n);
  assert.ok(performance.now() - start < 500);
});

test("an integer comes back from the driver as it went in", () => {
  const big = columnOf(p.bigint().unsigned());
  assert.equal(big.fromDatabase("18446744073709551615"), 18446744073709551615n);
  assert.equal(big.fromDatabase(5), 5n);
  assert.equal(big.fromDatabase(null), null);
  assert.equal(columnOf(p.integer()).fromDatabase(5), 5);
});

test("a display width changes nothing, except that tinyint(1) is a boolean", () => {
  assert.equal(columnOf(p.integer().columnType("int(11)")).kind, "integer");
  assert.equal(columnOf(p.integer().columnType("tinyint(1)")).kind, "boolean");
  assert.equal(columnOf(p.integer().columnType("tinyint(4)")).kind, "integer");
  assert.equal(columnOf(p.integer().columnType("tinyint(1) unsigned")).kind, "integer");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import {
  parseDecimal,
  plainDigits,
  plainWholeDigits,
  printScaled,
  readScaled,
} from "../../../src/tables/decimal.ts";
import { columnOf, lossless, read, readDelta } from "./column-of.ts";

const money = columnOf(p.decimal().precision(10).scale(2));
const wide = columnOf(p.decimal().precision(65).scale(30));
const MOST = `${"9".repeat(35)}.${"9".repeat(30)}`;

test("a decimal keeps all of its 65 digits", () => {
  assert.equal(wide.sqlType, "decimal(65,30)");
  for (const text of [MOST, `-${MOST}`, `0.${"0".repeat(29)}1`]) {
    assert.equal(read(wide, text), text);
    assert.equal(read(wide, lossless(text)), text);
    assert.equal(wide.fromDatabase(text), text);
  }
});

test("a decimal has exactly as many fraction digits as its column", () => {
  assert.equal(read(money, 5), "5.00");
  assert.equal(read(money, "5.1"), "5.10");
  assert.equal(read(money, "-0005.10"), "-5.10");
  assert.equal(read(money, "+5.1000000"), "5.10");
  assert.equal(read(money, -0), "0.00");
  assert.equal(read(money, "-0.00"), "0.00");
  assert.equal(read(money, 1e5), "100000.00");
  assert.equal(read(money, lossless("1.5e3")), "1500.00");
  assert.equal(read(money, lossless("150e-2")), "1.50");
  assert.equal(read(columnOf(p.decimal().precision(2).scale(2)), 0.5), "0.50");
  assert.equal(read(columnOf(p.decimal().precision(5).scale(0)), "12.0"), "12");
  assert.equal(money.fromDatabase("0.50"), "0.50");
});

test("a decimal is never rounded", () => {
  assert.equal(read(money, 1.005), "rule: scale");
  assert.equal(read(money, "0.001"), "rule: scale");
  assert.equal(read(money, 1e-7), "rule: scale");
  assert.equal(read(money, "99999999.99"), "99999999.99");
  assert.equal(read(money, "100000000"), "rule: range");
  assert.equal(read(money, 1e300), "rule: range");
  assert.equal(read(money, lossless("1e999999999999")), "rule: range");
  assert.equal(read(columnOf(p.decimal().precision(2).scale(2)), 1), "rule: range");
  assert.equal(read(columnOf(p.decimal().precision(5).scale(2).unsigned()), "-0.01"), "rule: range");
  assert.equal(read(columnOf(p.decimal().precision(5).scale(2).unsigned()), "-0.00"), "0.00");
});

test("a decimal is not read from other things", () => {
  for (const input of ["", ".5", "5.", "1e2", "1,5", " 1", "NaN", "Infinity"]) {
    assert.equal(read(money, input), "rule: format", input);
  }
  for (const input of [true, {}, []]) {
    assert.equal(read(money, input), "rule: type");
  }
  assert.equal(read(money, null), "rule: not_null");
});

test("decimals add exactly", () => {
  const most = 10n ** 65n - 1n;
  const scaled = fc.bigInt({ min: -most, max: most });
  fc.assert(
    fc.property(scaled, scaled, (value, delta) => {
      const sum = value + delta;
      const expected = sum > most || sum < -most ? undefined : printScaled(sum, 30);
      assert.equal(wide.plus(printScaled(value, 30), printScaled(delta, 30)), expected);
    }),
  );
  assert.equal(money.plus("0.10", "0.20"), "0.30");
  assert.equal(money.plus(null, "-25.00"), "-25.00");
  assert.equal(money.plus("99999999.99", "0.01"), undefined);
  assert.equal(columnOf(p.decimal().precision(5).scale(2).unsigned()).plus("0.00", "-0.01"), undefined);
});

test("a difference may be as wide as the column's whole range", () => {
  assert.equal(readDelta(money, "-199999999.98"), "-199999999.98");
  assert.equal(readDelta(money, "0.1"), "0.10");
  assert.equal(readDelta(money, "0.001"), "rule: scale");
  assert.equal(readDelta(money, "1000000000"), "rule: range");
  assert.equal(readDelta(columnOf(p.decimal().precision(5).scale(2).unsigned()), "-1"), "-1.00");
});

test("decimals compare as numbers", () => {
  assert.equal(money.compare("10.00", "9.00"), 1);
  assert.equal(money.compare("-10.00", "-9.00"), -1);
  assert.equal(money.compare("9.00", "9.00"), 0);
  assert.equal(money.compare(null, "-9.00"), -1);
  assert.equal(money.compare("-9.00", null), 1);
});

test("a decimal's text tells its value, and equal values have equal parts", () => {
  const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
  fc.assert(
    fc.property(
      digits,
      fc.nat(30),
      fc.nat(20),
      fc.integer({ min: -25, max: 25 }),
      (number, scale, zeros, power) => {
        const text = printScaled(number, scale);
        assert.equal(readScaled(text), number);
        const value = parseDecimal(text);
        assert.ok(value !== undefined);
        assert.equal(plainDigits(value, scale), text);
        const padded = scale === 0 ? text : text + "0".repeat(zeros);
        assert.deepEqual(parseDecimal(padded), value);
        const moved = parseDecimal(`${text}e${power}`);
        assert.equal(moved?.digits, value.digits);
        assert.equal(moved?.exponent, value.digits === "" ? 0 : value.exponent + power);
      },
    ),
  );
});

test("a text that is taken as it is, is the one that its number would be printed as", () => {
  const digits = fc.stringMatching(/^-?[0-9]{0,5}\.?[0-9]{0,3}$/);
  let taken = 0;
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 3 }), (text, scale) => {
      const whole = plainWholeDigits(text, scale);
      if (whole === 0) return;
      taken += 1;
      const value = parseDecimal(text) ?? assert.fail(`${text} is no number`);
      assert.equal(plainDigits(value, scale), text);
      assert.equal(whole, text.split(".")[0]?.length);
    }),
    { numRuns: 5_000 },
  );
  assert.ok(taken > 100, `${taken} were taken`);
  assert.deepEqual(
    ["1.50", "0.50", "01.50", "1.5", "-1.50", "1,50", ".50", "1e2"].map((text) => plainWholeDigits(text, 2)),
    [1, 1, 0, 0, 0, 0, 0, 0],
  );
});

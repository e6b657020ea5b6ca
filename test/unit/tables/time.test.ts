import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { columnOf, read } from "./column-of.ts";

const seconds = columnOf(p.datetime());
const micros = columnOf(p.datetime(6));

test("a time comes as RFC 3339 has it and is kept in UTC, as MySQL prints it", () => {
  assert.equal(read(seconds, "2024-07-11T16:26:32"), "2024-07-11 16:26:32", "no zone means UTC");
  assert.equal(read(seconds, "2024-07-11 16:26:32"), "2024-07-11 16:26:32");
  assert.equal(read(seconds, "2024-07-11T16:26:32Z"), "2024-07-11 16:26:32");
  assert.equal(read(seconds, "2024-07-11t16:26:32z"), "2024-07-11 16:26:32");
  assert.equal(read(seconds, "2024-07-11T16:26:32+02:00"), "2024-07-11 14:26:32");
  assert.equal(read(seconds, "2024-07-11T16:26:32-23:59"), "2024-07-12 16:25:32");
  assert.equal(read(seconds, "2024-03-01T00:30:00+01:00"), "2024-02-29 23:30:00");
  assert.equal(read(micros, "2024-07-11T16:26:32.5+00:30"), "2024-07-11 15:56:32.500000");
  assert.equal(read(micros, "2024-07-11T16:26:32"), "2024-07-11 16:26:32.000000");
});

test("fractions of a second are kept to the column's precision and never rounded", () => {
  assert.equal(read(micros, "2024-07-11T16:26:32.123456Z"), "2024-07-11 16:26:32.123456");
  assert.equal(read(micros, "2024-07-11T16:26:32.1234560000Z"), "2024-07-11 16:26:32.123456");
  assert.equal(read(micros, "2024-07-11T16:26:32.1234561Z"), "rule: precision");
  assert.equal(read(seconds, "2024-07-11T16:26:32.000Z"), "2024-07-11 16:26:32");
  assert.equal(read(seconds, "2024-07-11T16:26:32.5Z"), "rule: precision");
});

test("only days of the calendar and moments of a day are times", () => {
  const bad = [
    "2024-02-30T00:00:00",
    "2023-02-29T00:00:00",
    "2100-02-29T00:00:00",
    "2024-13-01T00:00:00",
    "2024-00-01T00:00:00",
    "2024-01-00T00:00:00",
    "2024-01-01T24:00:00",
    "2024-01-01T00:60:00",
    "2016-12-31T23:59:60Z",
    "2024-01-01T00:00",
    "2024-01-01",
    "2024-1-1T00:00:00",
    "2024-01-01T00:00:00.",
    "2024-01-01T00:00:00.5.5",
    "2024-01-01T00:00:00+2",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00+0200",
    "2024-01-01T00:00:00ZZ",
    "2024-01-01T00:00:00 UTC",
    "2024/01/01T00:00:00",
    "2024-01-01_00:00:00",
    "+002024-01-01T00:00:00",
    " 2024-01-01T00:00:00",
    "",
  ];
  for (const input of bad) {
    assert.equal(read(seconds, input), "rule: format", input);
  }
  assert.equal(read(seconds, "2024-02-29T00:00:00"), "2024-02-29 00:00:00");
  assert.equal(read(seconds, "2000-02-29T00:00:00"), "2000-02-29 00:00:00");
  for (const input of [1720715192, true, {}, []]) {
    assert.equal(read(seconds, input), "rule: type");
  }
  assert.equal(read(seconds, null), "rule: not_null");
});

test("DATETIME reaches from the year 1000 to 9999, in UTC", () => {
  assert.equal(read(seconds, "1000-01-01T00:00:00Z"), "1000-01-01 00:00:00");
  assert.equal(read(seconds, "0999-12-31T23:59:59Z"), "rule: range");
  assert.equal(read(seconds, "1000-01-01T00:00:00+00:01"), "rule: range");
  assert.equal(read(seconds, "0999-12-31T23:59:59-00:01"), "1000-01-01 00:00:59");
  assert.equal(read(micros, "9999-12-31T23:59:59.999999Z"), "9999-12-31 23:59:59.999999");
  assert.equal(read(seconds, "9999-12-31T23:59:59-00:01"), "rule: range");
  assert.equal(read(seconds, "0000-01-01T00:00:00+23:59"), "rule: range");
});

test("TIMESTAMP reaches from 1970 to 2038", () => {
  const column = columnOf(p.datetime().columnType("timestamp(3)"));
  assert.equal(column.kind, "datetime");
  assert.equal(read(column, "1970-01-01T00:00:01Z"), "1970-01-01 00:00:01.000");
  assert.equal(read(column, "1970-01-01T00:00:00.999Z"), "rule: range");
  assert.equal(read(column, "2038-01-19T03:14:07.999Z"), "2038-01-19 03:14:07.999");
  assert.equal(read(column, "2038-01-19T03:14:08Z"), "rule: range");
});

test("every moment in every zone is the moment that Date says", () => {
  const moment = fc.date({ min: new Date("1000-01-02"), max: new Date("9999-12-30"), noInvalidDate: true });
  fc.assert(
    fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (at, offset) => {
      const sign = offset < 0 ? "-" : "+";
      const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, "0");
      const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
      const local = new Date(at.getTime() + offset * 60_000).toISOString().replace("Z", "");
      const expected = at.toISOString().replace("T", " ").replace("Z", "000");
      assert.equal(read(micros, `${local}${sign}${hours}:${minutes}`), expected);
    }),
  );
});

test("DATE is a day without a zone and never shifts", () => {
  const column = columnOf(p.date());
  assert.equal(read(column, "2024-02-29"), "2024-02-29");
  assert.equal(read(column, "1000-01-01"), "1000-01-01");
  assert.equal(read(column, "9999-12-31"), "9999-12-31");
  assert.equal(read(column, "0999-12-31"), "rule: range");
  for (const input of ["2023-02-29", "2024-07-11T00:00:00Z", "2024-7-11", "20240711", "", "2024-07-1a"]) {
    assert.equal(read(column, input), "rule: format", input);
  }
  assert.equal(read(column, 20240711), "rule: type");
  assert.equal(column.compare("2024-02-29", "2024-03-01"), -1);
});

test("TIME is a signed length up to 838:59:59", () => {
  const column = columnOf(p.time());
  const precise = columnOf(p.time().length(6));
  assert.equal(read(column, "12:34:56"), "12:34:56");
  assert.equal(read(column, "+12:34:56"), "12:34:56");
  assert.equal(read(column, "838:59:59"), "838:59:59");
  assert.equal(read(column, "-838:59:59"), "-838:59:59");
  assert.equal(read(column, "012:34:56"), "12:34:56");
  assert.equal(read(column, "-00:00:00"), "00:00:00");
  assert.equal(read(column, "839:00:00"), "rule: range");
  assert.equal(read(column, "12:34:56.5"), "rule: precision");
  assert.equal(read(precise, "838:59:59.000001"), "rule: range");
  assert.equal(read(precise, "-00:00:00.5"), "-00:00:00.500000");
  for (const input of ["1:00:00", "12:34", "12:60:00", "12:00:60", "12:34:56Z", "1000:00:00", ""]) {
    assert.equal(read(column, input), "rule: format", input);
  }
  assert.equal(read(column, 123456), "rule: type");
});

test("TIME compares as a length, not as text", () => {
  const column = columnOf(p.time().length(6));
  const ordered = [
    "-100:00:00.000000",
    "-99:00:00.000000",
    "-00:00:00.000001",
    "00:00:00.000000",
    "99:00:00.000000",
  ];
  for (const [at, time] of ordered.entries()) {
    assert.equal(column.compare(time, time), 0);
    assert.equal(column.compare(null, time), -1);
    for (const later of ordered.slice(at + 1)) {
      assert.equal(column.compare(time, later), -1);
      assert.equal(column.compare(later, time), 1);
    }
  }
});

test("YEAR is a number of four digits", () => {
  const column = columnOf(p.integer().columnType("year"));
  assert.equal(column.kind, "year");
  assert.equal(read(column, 2024), 2024);
  assert.equal(read(column, "2024"), 2024);
  assert.equal(read(column, 1900), "rule: range");
  assert.equal(read(column, 2156), "rule: range");
  for (const input of [24.5, "24", "02024", "", true, {}]) {
    assert.equal(read(column, input), "rule: type");
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Column } from "@mikro-orm/mysql";
import { typeChange } from "../../../src/store/migration-type-change.ts";

const column = (type: string) => ({ name: "c", type }) as Column;

/** The condition on `c`; `widens`, `same`, or `unknown` where there is none. */
function change(from: string, to: string): string {
  const found = typeChange(column(from), column(to));
  if (found === undefined) return "same";
  if (found.widens) return "widens";
  return found.misfit?.("c") ?? "unknown";
}

const CHANGES: readonly (readonly [from: string, to: string, expected: string])[] = [
  ["int", "integer", "same"],
  ["numeric(10,2)", "decimal(10,2)", "same"],
  ["int", "bigint", "widens"],
  ["int unsigned", "bigint", "widens"],
  ["int", "int unsigned", "c < 0"],
  ["int unsigned", "int", "c > 2147483647"],
  ["bigint unsigned", "bigint", "c > 9223372036854775807"],
  ["int", "tinyint", "c < -128 or c > 127"],
  ["int", "decimal(10,0)", "unknown"],
  ["int", "decimal(4,1)", "c < -999.9 or c > 999.9"],
  ["decimal(10,2)", "decimal(12,2)", "widens"],
  ["decimal(10,2)", "decimal(10,4)", "c < -999999.9999 or c > 999999.9999"],
  ["decimal(10,2)", "decimal(10,1)", "c <> round(c, 1)"],
  ["decimal(65,30)", "decimal(65,29)", "c <> round(c, 29)"],
  ["decimal(10,2)", "decimal(10,2) unsigned", "c < 0"],
  ["decimal(4,2)", "int", "c <> round(c, 0)"],
  ["float", "double", "widens"],
  ["double", "float", "unknown"],
  ["varchar(20)", "varchar(21)", "widens"],
  ["varchar(21)", "varchar(20)", "char_length(c) > 20"],
  ["char(5)", "varchar(5)", "widens"],
  ["varchar(5)", "char(5)", "c like '% '"],
  ["varchar(63)", "tinytext", "widens"],
  ["varchar(64)", "tinytext", "length(c) > 255"],
  ["text", "mediumtext", "widens"],
  ["mediumtext", "text", "length(c) > 65535"],
  ["text", "varchar(10)", "char_length(c) > 10"],
  ["varbinary(20)", "blob", "widens"],
  ["blob", "varbinary(20)", "length(c) > 20"],
  ["binary(4)", "binary(8)", "unknown"],
  ["datetime", "datetime(6)", "widens"],
  ["datetime(6)", "datetime(3)", "microsecond(c) % 1000 <> 0"],
  ["datetime(3)", "datetime", "microsecond(c) % 1000000 <> 0"],
  ["timestamp(3)", "datetime(3)", "widens"],
  ["datetime", "timestamp", "c not between '1970-01-01 00:00:01' and '2038-01-19 03:14:07'"],
  ["time(3)", "time", "microsecond(c) % 1000000 <> 0"],
  ["enum('a','b')", "enum('b','a','c')", "widens"],
  ["enum('a','b')", "enum('b','it''s')", "c not in ('b', 'it''s')"],
  ["set('a')", "set('a','b')", "widens"],
  ["set('a','b')", "set('a')", "unknown"],
  ["bit(3)", "bit(4)", "widens"],
  ["bit(64)", "bit(63)", "c + 0 >= 9223372036854775808"],
  ["int", "varchar(20)", "unknown"],
  ["json", "longtext", "unknown"],
  ["date", "datetime", "unknown"],
];

test("a type that holds all that the old one held widens; else SQL says which values do not fit, where it can", () => {
  for (const [from, to, expected] of CHANGES) assert.equal(change(from, to), expected, `${from} to ${to}`);
});

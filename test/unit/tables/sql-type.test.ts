import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSqlType, printSqlType } from "../../../src/tables/sql-type.ts";

const printed = (text: string) => {
  const type = parseSqlType(text);
  return type && printSqlType(type);
};

test("a type is read with its sizes and its sign, and its aliases are one", () => {
  const same: [string, string][] = [
    ["BIGINT UNSIGNED", "bigint unsigned"],
    ["int(11)", "int(11)"],
    ["integer", "int"],
    ["numeric(65,30)", "decimal(65,30)"],
    ["dec( 5 , 2 ) unsigned", "decimal(5,2) unsigned"],
    ["double precision", "double"],
    ["character varying(9)", "varchar(9)"],
    ["bool", "tinyint(1)"],
    ["int signed", "int"],
    ["int(5) zerofill", "int(5) unsigned"],
    ["int(5) unsigned zerofill", "int(5) unsigned"],
    ["bit(3)", "bit(3)"],
    ["set('a','b''c')", "set('a','b''c')"],
    ["enum('a', 'b''c','d\\\\e','f,g)')", "enum('a','b''c','d\\\\e','f,g)')"],
  ];
  for (const [text, expected] of same) {
    assert.equal(printed(text), expected);
  }
});

test("what is no type of ours is not read", () => {
  for (const text of ["", "point", "set()", "varchar(x)", "enum()", "enum('a'", "enum('a' 'b')", "int(1"]) {
    assert.equal(parseSqlType(text), undefined, text);
  }
});

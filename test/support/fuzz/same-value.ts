import type { Column, Value } from "../../../src/tables/definition.ts";
import { exactNumber } from "./exact-number.ts";
import { Digits, type Tree } from "./json-tree.ts";
import { meaningOf } from "./meaning.ts";
import { readTree } from "./read-tree.ts";

/** Is the value that a column got the one that was sent? Exactly; of floats: the nearest that there is. */
export function isSameValue(column: Column, sent: Tree, got: Value): boolean {
  if (sent === null || got === null) return sent === got;
  const text = sent instanceof Digits ? sent.text : String(sent);
  switch (column.kind) {
    case "integer":
    case "bigint":
    case "decimal":
    case "year":
      return exactNumber(text) === exactNumber(String(got));
    case "float":
      return Math.fround(Number(text)) + 0 === got || Number(text) + 0 === got;
    case "double":
      return Number(text) + 0 === got;
    case "boolean":
      return got === (sent === true || (sent instanceof Digits && exactNumber(text) === "1e0"));
    case "string":
      return column.sqlType.startsWith("char") ? got === text.replace(/ +$/, "") : got === text;
    case "binary":
      return samePadded(Buffer.from(text, "base64"), Buffer.from(String(got), "base64"));
    case "json":
      return meaningOf(readTree(String(got))) === meaningOf(sent);
    case "datetime":
      return instant(text) === instant(String(got));
    case "time":
      return seconds(text) === seconds(String(got));
    case "set":
      return new Set(text.split(",")).symmetricDifference(new Set(String(got).split(","))).size === 0;
    case "date":
    case "enum":
      return got === text;
    default:
      return column.kind satisfies never;
  }
}

/** BINARY(n) is filled up with zeros. */
function samePadded(sent: Buffer, got: Buffer): boolean {
  return got.subarray(0, sent.length).equals(sent) && got.subarray(sent.length).every((byte) => byte === 0);
}

/** Seconds since 1970 in UTC and the fraction's digits, without zeros at the end. */
function instant(text: string): string {
  const [, day = "", clock = "", fraction = "", zone = ""] =
    /^(.{10}).(.{8})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  const at = Date.parse(`${day}T${clock}${zone === "" ? "Z" : zone.toUpperCase()}`);
  return `${at}.${fraction.replace(/0+$/, "")}`;
}

function seconds(text: string): string {
  const [hours = "", minutes = "", rest = ""] = text.replace(/^[+-]/, "").split(":");
  const sum = exactNumber(
    `${(Number(hours) * 60 + Number(minutes)) * 60 + Number(rest.slice(0, 2))}${rest.slice(2)}`,
  );
  return sum === "0" || !text.startsWith("-") ? sum : `-${sum}`;
}

import { escape } from "mysql2";
import type { Column, Value } from "../tables/definition.ts";
import { scanJson } from "../tables/scan-json.ts";
import type { Store } from "./store.ts";

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Text as an SQL string literal; sql_mode must not hold NO_BACKSLASH_ESCAPES (the store's sessions do not). */
export function textLiteral(text: string): string {
  return escape(text);
}

/** Bytes as an SQL hexadecimal literal. */
export function bytesLiteral(bytes: Buffer): string {
  return hexLiteral(bytes.toString("hex"));
}

/** Bytes that are hexadecimal digits already, two each. */
export function hexLiteral(digits: string): string {
  return `X'${digits}'`;
}

/** The second whose text was asked for last: thousands of messages share one. */
let lastSecond = { second: Number.NaN, text: "" };

/** A moment as a DATETIME(6) literal in UTC; JavaScript keeps milliseconds. */
export function timeLiteral(moment: Date): string {
  const milliseconds = moment.getTime();
  const second = Math.floor(milliseconds / 1_000);
  if (second !== lastSecond.second)
    lastSecond = { second, text: moment.toISOString().slice(0, -5).replace("T", " ") };
  return `'${lastSecond.text}.${String(milliseconds - second * 1_000).padStart(3, "0")}'`;
}

/** A canonical value of a column as an SQL literal that the server stores digit for digit. */
export function literal(column: Column, value: Value, flavor: Store["flavor"]): string {
  if (value === null) return "NULL";
  switch (column.kind) {
    case "integer":
    case "bigint":
    case "decimal":
    case "float":
    case "double":
    case "year":
      return String(value);
    case "boolean":
      return value === true ? "1" : "0";
    case "string":
    case "enum":
    case "set":
    case "date":
    case "datetime":
    case "time":
      return escape(value as string);
    case "binary":
      return bytesLiteral(Buffer.from(value as string, "base64"));
    case "json":
      return flavor === "mysql" ? mysqlJson(value as string) : jsonLiteral(value as string);
    default:
      return column.kind satisfies never;
  }
}

/**
 * JSON as an SQL string literal, in which only the single quote and the backslash mean something (MySQL 8.4 Reference Manual,
 * "String Literals"): its many double quotes stay as they are. Of sql_mode it wants what {@link textLiteral} does.
 */
function jsonLiteral(text: string): string {
  const escaped = text.includes("\\") ? text.replaceAll("\\", "\\\\") : text;
  return escaped.includes("'") ? `'${escaped.replaceAll("'", "''")}'` : `'${escaped}'`;
}

/** Only a text that holds one of these can hold a number that MySQL's own JSON parser would round to a double. */
const LONG_NUMBER = /[\d.]{16}/;

/**
 * MySQL's JSON keeps DECIMAL values exactly but reads every fraction, and every integer beyond 64 bits, in a JSON text as a
 * double (MySQL 8.4 Reference Manual, "The JSON Data Type"). Such numbers are put in as decimals instead.
 */
function mysqlJson(text: string): string {
  if (!LONG_NUMBER.test(text) || !scanJson(text).longNumbers) return jsonLiteral(text);
  const exact: { path: string; digits: string }[] = [];
  const rounded = withoutExactNumbers(JSON.parse(text, keepSource), "$", exact);
  if (exact.length === 0) return jsonLiteral(text);
  const [first] = exact;
  if (first?.path === "$") return `CAST(${decimalCast(first.digits)} AS JSON)`;
  const puts = exact.map(({ path, digits }) => `${escape(path)},${decimalCast(digits)}`);
  return `JSON_SET(CAST(${jsonLiteral(JSON.stringify(rounded))} AS JSON),${puts.join(",")})`;
}

class ExactNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

class JsonSource {
  readonly raw: unknown;
  constructor(raw: unknown) {
    this.raw = raw;
  }
}

function keepSource(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || String(value) === source) return value;
  if (/[eE]/.test(source)) return value;
  return fitsInteger(source) ? new JsonSource(rawJson(source)) : new ExactNumber(source);
}

/** ES2026's `JSON.rawJSON`, which TypeScript's library does not know yet. */
function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}

function fitsInteger(source: string): boolean {
  if (source.includes(".")) return false;
  const n = BigInt(source);
  return n >= -(2n ** 63n) && n < 2n ** 64n;
}

/** Copies the tree with 0 in place of each exact number, and notes where these belong. */
function withoutExactNumbers(
  node: unknown,
  path: string,
  exact: { path: string; digits: string }[],
): unknown {
  if (node instanceof ExactNumber) {
    exact.push({ path, digits: node.digits });
    return 0;
  }
  if (node instanceof JsonSource) return node.raw;
  if (Array.isArray(node)) return node.map((item, i) => withoutExactNumbers(item, `${path}[${i}]`, exact));
  if (typeof node !== "object" || node === null) return node;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(node)) {
    copy[name] = withoutExactNumbers(member, `${path}.${JSON.stringify(name)}`, exact);
  }
  return copy;
}

/** DECIMAL holds 65 digits, 30 of them after the point. */
function decimalCast(digits: string): string {
  const fraction = digits.split(".")[1]?.length ?? 0;
  return `CAST('${digits}' AS DECIMAL(65,${fraction}))`;
}

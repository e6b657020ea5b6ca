import { exactExponent, parseDecimal, plainDigits } from "./decimal.ts";
import { LosslessNumber } from "./lossless-number.ts";
import { losesDigits } from "./parse-json.ts";

/** Below this length a look at each character is quicker than `JSON.stringify`. */
const SHORT = 48;
/** A number with more zeros than this between its digits and its point keeps an exponent, so that none is expanded. */
const MOST_ZEROS = 400;

/**
 * The one text of a JSON value (RFC 8785, JSON Canonicalization Scheme): members sorted by UTF-16 code units, no
 * spaces, numbers as ECMAScript prints them. A number that a double does not hold is written in plain digits, exactly;
 * one beyond 400 zeros as digits and exponent. Equal values give equal texts, however their numbers were written.
 * Own members called `__proto__` are plain data. Takes what JSON.parse makes, {@link LosslessNumber} and bigint.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isFinite(value) ? `${value}` : "null";
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? array(value) : object(value);
    case "bigint":
      return canonicalNumber(`${value}`);
    default:
      return "null";
  }
}

/** A number's text in the one form that all texts of the same value share. */
export function canonicalNumber(text: string): string {
  const double = Number(text);
  if (!losesDigits(text, double)) {
    return `${double}`;
  }
  const value = parseDecimal(text);
  if (value === undefined) {
    return "null";
  }
  if (Math.abs(value.exponent) > MOST_ZEROS) {
    return `${value.negative ? "-" : ""}${value.digits}e${exactExponent(text)}`;
  }
  return plainDigits(value, Math.max(0, -value.exponent));
}

function array(items: readonly unknown[]): string {
  let text = "[";
  for (let at = 0; at < items.length; at++) {
    text += at === 0 ? canonicalJson(items[at]) : `,${canonicalJson(items[at])}`;
  }
  return `${text}]`;
}

function object(value: object): string {
  if (value instanceof LosslessNumber) {
    return canonicalNumber(value.text);
  }
  const names = sorted(Object.keys(value));
  let text = "{";
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? "";
    text += `${(at === 0 ? "" : ",") + quote(name)}:${canonicalJson((value as Record<string, unknown>)[name])}`;
  }
  return `${text}}`;
}

/** Sorts in place by UTF-16 code units, which is JavaScript's own order of strings. */
function sorted(names: string[]): string[] {
  if (names.length > 16) {
    return names.sort();
  }
  for (let next = 1; next < names.length; next++) {
    const name = names[next] ?? "";
    let at = next;
    for (let before = names[at - 1]; before !== undefined && before > name; before = names[at - 1]) {
      names[at] = before;
      at--;
    }
    names[at] = name;
  }
  return names;
}

function quote(text: string): string {
  if (text.length > SHORT) {
    return JSON.stringify(text);
  }
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff)) {
      return JSON.stringify(text);
    }
  }
  return `"${text}"`;
}

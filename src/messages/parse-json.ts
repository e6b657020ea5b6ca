import { isUtf8 } from "node:buffer";
import { LosslessNumber } from "../tables/lossless-number.ts";
import { losesDigits } from "../tables/parse-json.ts";
import { duplicateMember, illFormedText, syntaxFault } from "./json-faults.ts";
import type { JsonValue } from "./json-value.ts";
import { quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import { scanJson } from "../tables/scan-json.ts";

/** The limits that a JSON text is held to: bytes of data, levels of nested objects and arrays. */
export interface JsonLimits {
  readonly dataBytes: number;
  readonly depth: number;
}

/** The value, or why there is none. */
export type ParsedJson =
  | { readonly value: JsonValue; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: Rejection };

/**
 * Reads one JSON text (RFC 8259) from bytes, losing nothing: numbers that a double cannot keep come as
 * {@link LosslessNumber}, members named `__proto__` are members like others. A UTF-8 byte order mark is skipped, as
 * section 8.1 allows. What RFC 8259 leaves to chance and I-JSON (RFC 7493) forbids is refused as `invalid`: two members
 * of one name in an object, half a surrogate pair. Everything else that is not JSON is `malformed`; beyond the limits it
 * is `too_large`, found before anything is built.
 */
export function parseJson(data: Buffer, limits: JsonLimits): ParsedJson {
  if (data.length > limits.dataBytes) {
    const message = `The data has ${data.length} bytes; at most ${limits.dataBytes} are allowed.`;
    return { fault: { code: "too_large", rule: "max_bytes", message } };
  }
  if (!isUtf8(data)) {
    return malformed("utf8", "The data is not UTF-8; publish the JSON text encoded as UTF-8.");
  }
  const text = data.toString("utf8", hasByteOrderMark(data) ? 3 : 0);
  if (text.length === 0) {
    return malformed("empty", "The data is empty; an update is a JSON object.");
  }
  const scan = scanJson(text);
  if (scan.depth > limits.depth) {
    const message = `The JSON is nested ${scan.depth} levels deep; at most ${limits.depth} are allowed.`;
    return { fault: { code: "too_large", rule: "max_depth", message } };
  }
  try {
    const value = scan.longNumbers ? parseLossless(text) : (JSON.parse(text) as JsonValue);
    const fault = interoperabilityFault(text, value, scan.members);
    return fault === undefined ? { value } : { fault };
  } catch (error) {
    const { reason, line, column } = syntaxFault(text, error);
    return malformed("syntax", `The data is not JSON: ${reason} at line ${line}, column ${column}.`);
  }
}

function malformed(rule: string, message: string): ParsedJson {
  return { fault: { code: "malformed", rule, message } };
}

function hasByteOrderMark(data: Buffer): boolean {
  return data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf;
}

/** The third argument of a reviver: for a primitive, its text in the source ("JSON.parse source text access"). */
interface ReviverContext {
  readonly source?: string;
}

/** About ten times slower than a plain parse, hence only for texts with long numbers. */
function parseLossless(text: string): JsonValue {
  const revive = (_name: string, value: unknown, context?: ReviverContext): unknown =>
    typeof value === "number" && context?.source !== undefined && losesDigits(context.source, value)
      ? new LosslessNumber(context.source)
      : value;
  return JSON.parse(text, revive) as JsonValue;
}

/** The faults that `JSON.parse` passes over in silence; looked for only where a count or an escape hints at one. */
function interoperabilityFault(text: string, value: JsonValue, written: number): Rejection | undefined {
  if (countMembers(value) !== written) {
    const { name = "", pointer = "" } = duplicateMember(text) ?? {};
    const message = `The member ${quote(name)} occurs more than once in its object; keep one of them.`;
    return { code: "invalid", rule: "duplicate_member", pointer, message };
  }
  const pointer = text.includes("\\u") ? illFormedText(value) : undefined;
  if (pointer === undefined) {
    return undefined;
  }
  const message =
    "The text holds half of a surrogate pair, which is no character; it was probably cut apart.";
  return { code: "invalid", rule: "well_formed", pointer, message };
}

function countMembers(value: JsonValue): number {
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      members += typeof item === "object" ? countMembers(item) : 0;
    }
  } else if (typeof value === "object" && value !== null && !(value instanceof LosslessNumber)) {
    for (const name in value) {
      const item = value[name];
      members += 1 + (typeof item === "object" ? countMembers(item) : 0);
    }
  }
  return members;
}

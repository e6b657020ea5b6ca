import { LosslessNumber } from "../tables/lossless-number.ts";
import { losesDigits } from "../tables/parse-json.ts";
import type { AvroEncoding } from "./avro-schema.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import type { JsonLimits } from "./parse-json.ts";
import { parseJson } from "./parse-json.ts";
import { clip, quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";

/** Why data that a topic's schema encodes is no update of the schema; thrown while it is read, and caught by `openAvro`. */
export class AvroFault extends Error {
  override readonly name = "AvroFault";
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.message);
    this.rejection = rejection;
  }
}

/** The data is not what the schema says; `where` is a place in it. */
export function notOfSchema(encoding: AvroEncoding, where: string, fault: string): AvroFault {
  const message = `The data is no Avro ${encoding} of schemas/update.avsc: ${where} ${fault}.`;
  return new AvroFault({ code: "malformed", rule: "avro", message });
}

/** The update is larger as plain JSON than it may be. */
export function tooLarge(size: string, limit: number): Rejection {
  const message = `The update has ${size}; at most ${limit} are allowed.`;
  return { code: "too_large", rule: "max_bytes", message };
}

/** What a list of changes is in plain JSON; `alone` goes with one change only. */
export function updateOf(changes: JsonValue[], alone: boolean): JsonValue {
  const [only] = changes;
  if (!alone) return { changes };
  if (only !== undefined && changes.length === 1) return only;
  const message = `The member alone is true, but there are ${changes.length} changes; it goes with one change.`;
  throw new AvroFault({ code: "malformed", rule: "avro", message });
}

/** A 64-bit integer as `parseJson` would give its digits. */
export function longOf(digits: string): JsonValue {
  const double = Number(digits);
  return losesDigits(digits, double) ? new LosslessNumber(digits) : double;
}

/** How the values of an update's columns are read: within these limits, `around` levels of plain JSON deep. */
export interface ValueLimits extends JsonLimits {
  readonly around: number;
}

/** The levels around a column's value: the change and its group, and around these the update and its list. */
export function valueLimits(limits: JsonLimits, alone: boolean): ValueLimits {
  return { ...limits, around: alone ? 2 : 4 };
}

/** The value of a record Json. Its faults are those of JSON text. */
export function jsonOf(text: string, where: string, { dataBytes, depth, around }: ValueLimits): JsonValue {
  const parsed = parseJson(Buffer.from(text), { dataBytes, depth: depth - around });
  if (parsed.fault === undefined) return parsed.value;
  const { code, rule = code, message } = parsed.fault;
  const words =
    rule === "max_depth" ? `nested too deep; an update has at most ${depth} levels.` : `refused: ${message}`;
  throw new AvroFault({ code, rule, message: `The JSON text of ${clip(where, 80)} is ${words}` });
}

/** Adds an own member, `__proto__` too; a second one of the same name is refused as in plain JSON. */
export function addMember(object: JsonObject, name: string, value: JsonValue): void {
  if (Object.hasOwn(object, name)) {
    const message = `The column ${quote(name)} occurs more than once in its map; keep one of them.`;
    throw new AvroFault({ code: "invalid", rule: "duplicate_member", message });
  }
  if (name === "__proto__") {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}

import { fractionDigits, parseDecimal, wholeDigits } from "./decimal.ts";
import { Fault } from "./fault.ts";
import { LosslessNumber } from "./lossless-number.ts";
import { losesDigits } from "./parse-json.ts";

/** MySQL refuses JSON documents that nest deeper (MySQL Reference Manual, "The JSON Data Type"). */
const MOST_DEPTH = 100;
/** What a DECIMAL inside MySQL's JSON can keep. */
const MOST_DIGITS = 65;
const MOST_FRACTION = 30;

const DEPTH = new Fault("depth", `must nest at most ${MOST_DEPTH} levels deep`);
const TYPE = new Fault("type", "must be a JSON value");
const UNICODE = new Fault("unicode", "must be well-formed Unicode, without lone surrogates");
const NUMBER = new Fault(
  "json_number",
  `must have no number that needs more than ${MOST_DIGITS} digits, ${MOST_FRACTION} of them after the point`,
);

/** What keeps a JSON tree out of a JSON column, or undefined. Looks at every value once. */
export function jsonFault(value: unknown, depth = 0): Fault | undefined {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? undefined : UNICODE;
    case "number":
      return Number.isFinite(value) ? undefined : TYPE;
    case "boolean":
      return undefined;
    case "object":
      return value === null ? undefined : objectFault(value, depth);
    default:
      return TYPE;
  }
}

function objectFault(value: object, depth: number): Fault | undefined {
  if (value instanceof LosslessNumber) {
    return numberFault(value.text);
  }
  if (depth === MOST_DEPTH) {
    return DEPTH;
  }
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = jsonFault(item, depth + 1);
      if (fault !== undefined) {
        return fault;
      }
    }
    return undefined;
  }
  const members = value as Record<string, unknown>;
  for (const name in members) {
    const fault = name.isWellFormed() ? jsonFault(members[name], depth + 1) : UNICODE;
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

function numberFault(text: string): Fault | undefined {
  const value = parseDecimal(text);
  if (value === undefined) {
    return TYPE;
  }
  if (!losesDigits(text, Number(text))) {
    return undefined; // a double holds it, however long it was written
  }
  const fraction = fractionDigits(value);
  return fraction > MOST_FRACTION || wholeDigits(value) + fraction > MOST_DIGITS ? NUMBER : undefined;
}

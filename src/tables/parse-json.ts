import { parseDecimal } from "./decimal.ts";
import { Fault } from "./fault.ts";
import { LosslessNumber } from "./lossless-number.ts";
import { scanJson } from "./scan-json.ts";

/** Only a number with this many digits, or with such an exponent, can be one that a double does not hold. */
const SUSPECT = /[\d.]{16}|[eE][+-]?\d{3}/;
const INVALID = new Fault("format", "must be JSON");

/**
 * `JSON.parse` that loses no digit: a number that a double cannot hold digit for digit becomes a {@link LosslessNumber}.
 * Text without long numbers, the common case, takes the native path. Gives a Fault for what is not JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return hasLongNumber(text) ? JSON.parse(text, keepDigits as Reviver) : JSON.parse(text);
  } catch {
    return INVALID;
  }
}

/** The digits of an id in a string, which are common, are no number. */
function hasLongNumber(text: string): boolean {
  return SUSPECT.test(text) && scanJson(text).longNumbers;
}

/** TypeScript's `lib` doesn't know the third parameter yet (TC39 proposal "JSON.parse source text access"). */
type Reviver = (key: string, value: unknown) => unknown;

/** Is this number, written as `source`, not what the double's own shortest digits say? */
export function losesDigits(source: string, value: number): boolean {
  if (!SUSPECT.test(source)) {
    return false;
  }
  const written = parseDecimal(source);
  const kept = parseDecimal(String(value));
  return (
    written?.digits !== kept?.digits ||
    written?.exponent !== kept?.exponent ||
    written?.negative !== kept?.negative
  );
}

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value === "number" && context.source !== undefined && losesDigits(context.source, value)) {
    return new LosslessNumber(context.source);
  }
  return value;
}

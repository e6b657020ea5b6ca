import {
  fractionDigits,
  parseDecimal,
  plainDigits,
  plainWholeDigits,
  printScaled,
  readScaled,
  wholeDigits,
} from "../decimal.ts";
import { Fault } from "../fault.ts";
import { type Check, type JsonSchema, type Kind, numberText, typeFault } from "./kind.ts";

const WHAT = 'a decimal, as a JSON number or a string of digits such as "12.50"';
const TYPE = typeFault(WHAT);
const FORMAT = new Fault("format", `must be ${WHAT}`);

/** DECIMAL(precision, scale), up to (65,30), digit for digit (MySQL Reference Manual, "Fixed-Point Types"). */
export function decimalKind(precision: number, scale: number, unsigned: boolean): Kind {
  const most = 10n ** BigInt(precision) - 1n;
  const least = unsigned ? 0n : -most;
  return {
    kind: "decimal",
    check: exactDecimal(precision - scale, scale, unsigned, most),
    schema: decimalSchema(precision - scale, scale, unsigned),
    sum: {
      // a difference of two values has one more whole digit at the most
      check: exactDecimal(precision - scale + 1, scale, false, 2n * most),
      schema: decimalSchema(precision - scale + 1, scale, false),
      plus: (value, delta) => {
        const sum =
          readScaled((value as string | null) ?? "0".repeat(scale + 1)) + readScaled(delta as string);
        return sum < least || sum > most ? undefined : printScaled(sum, scale);
      },
    },
    fromDatabase: (raw) => {
      if (typeof raw === "string" && plainWholeDigits(raw, scale) > 0) return raw;
      const value = parseDecimal(String(raw));
      return value === undefined ? String(raw) : plainDigits(value, scale);
    },
    compare: (a, b) => {
      if (a === null || b === null) {
        return a === b ? 0 : a === null ? -1 : 1;
      }
      const difference = readScaled(a as string) - readScaled(b as string);
      return difference === 0n ? 0 : difference < 0n ? -1 : 1;
    },
  };
}

function exactDecimal(whole: number, scale: number, unsigned: boolean, most: bigint): Check {
  const limit = printScaled(most, scale);
  const range = new Fault("range", `must be between ${unsigned ? "0" : `-${limit}`} and ${limit}`);
  const digits = new Fault("scale", `must have at most ${scale} digits after the point; nothing is rounded`);
  return (input) => {
    const text = numberText(input);
    if (text === undefined) {
      return TYPE;
    }
    const plain = plainWholeDigits(text, scale);
    if (plain > 0 && plain <= whole) {
      return text;
    }
    const value = parseDecimal(text);
    if (value === undefined) {
      return FORMAT;
    }
    if (wholeDigits(value) > whole || (unsigned && value.negative)) {
      return range;
    }
    return fractionDigits(value) > scale ? digits : plainDigits(value, scale);
  };
}

function decimalSchema(whole: number, scale: number, unsigned: boolean): JsonSchema {
  const sign = unsigned ? "\\+?" : "[+-]?";
  const digits = "(?=[0-9])"; // one at least, on either side of a point
  const bound = Number(`1e${whole}`);
  return {
    anyOf: [
      {
        type: "number",
        ...(unsigned ? { minimum: 0 } : { exclusiveMinimum: -bound }),
        exclusiveMaximum: bound,
      },
      { type: "string", pattern: `^${sign}${digits}0*[0-9]{0,${whole}}(\\.${digits}[0-9]{0,${scale}}0*)?$` },
    ],
    description: `a decimal with at most ${whole} digits before and ${scale} after the point; nothing is rounded`,
  };
}

import type { Value } from "../definition.ts";
import { type Decimal, parseDecimal, plainDigits, wholeDigits } from "../decimal.ts";
import { Fault } from "../fault.ts";
import type { SqlTypeName } from "../sql-type.ts";
import { type Check, type Kind, naturalOrder, numberText, typeFault } from "./kind.ts";

const BITS: Partial<Record<SqlTypeName, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};
/** No 64-bit integer or difference of two has more digits. */
const MOST_DIGITS = 20;
const TYPE = typeFault("an integer, as a JSON number or a string of digits");
const FORMAT = new Fault("format", "must be an integer, as a JSON number or a string of digits");
const SCALE = new Fault("scale", "must be a whole number");

/** TINYINT to BIGINT, signed and unsigned (MySQL Reference Manual, "Integer Types"). */
export function integerKind(name: SqlTypeName, unsigned: boolean): Kind {
  const bits = BITS[name] ?? 64n;
  const min = unsigned ? 0n : -(1n << (bits - 1n));
  const max = unsigned ? (1n << bits) - 1n : (1n << (bits - 1n)) - 1n;
  const exact = exactInteger(min, max);
  const delta = exactInteger(min - max, max - min);
  const wide = bits > 32n;
  return {
    kind: wide ? "bigint" : "integer",
    check: wide ? wideCheck(min, max, exact) : narrowCheck(Number(min), Number(max), exact),
    schema: integerSchema(min, max),
    sum: {
      check: wideCheck(min - max, max - min, delta),
      schema: integerSchema(min - max, max - min),
      plus: (value, difference) => plus(value, difference, min, max, wide),
    },
    fromDatabase: wide ? (raw) => BigInt(raw as string | number) : Number,
    compare: naturalOrder,
  };
}

function plus(value: Value, delta: Value, min: bigint, max: bigint, wide: boolean): Value | undefined {
  const sum = BigInt((value ?? 0n) as bigint | number) + (delta as bigint);
  if (sum < min || sum > max) {
    return undefined;
  }
  return wide ? sum : Number(sum);
}

function narrowCheck(min: number, max: number, exact: (input: unknown) => bigint | Fault): Check {
  return (input) => {
    if (typeof input === "number" && input >= min && input <= max && Number.isInteger(input)) {
      return input + 0; // -0 becomes 0
    }
    const value = exact(input);
    return value instanceof Fault ? value : Number(value);
  };
}

function wideCheck(min: bigint, max: bigint, exact: (input: unknown) => bigint | Fault): Check {
  const least = Number(min);
  const most = Number(max);
  return (input) =>
    // beyond 2^53 the shortest digits of the double are the text that was written
    typeof input === "number" && Number.isSafeInteger(input) && input >= least && input <= most
      ? BigInt(input)
      : exact(input);
}

/** Reads a whole number of a range, as a JSON number or a string of digits, exactly. */
export function exactInteger(min: bigint, max: bigint): (input: unknown) => bigint | Fault {
  const range = new Fault("range", `must be between ${min} and ${max}`);
  return (input) => {
    const text = numberText(input);
    if (text === undefined) {
      return TYPE;
    }
    const decimal = parseDecimal(text);
    if (decimal === undefined) {
      return FORMAT;
    }
    return wholeNumber(decimal, min, max, range);
  };
}

function wholeNumber(decimal: Decimal, min: bigint, max: bigint, range: Fault): bigint | Fault {
  if (decimal.exponent < 0) {
    return SCALE;
  }
  if (wholeDigits(decimal) > MOST_DIGITS) {
    return range;
  }
  const value = BigInt(plainDigits(decimal, 0));
  return value < min || value > max ? range : value;
}

/** What the contract prints for a whole number of a range. */
export function integerSchema(min: bigint, max: bigint) {
  return {
    anyOf: [
      { type: "integer", minimum: Number(min), maximum: Number(max) },
      { type: "string", pattern: `^${min < 0n ? "[+-]?" : "\\+?"}[0-9]+(\\.0+)?$` },
    ],
    description: `an integer from ${min} to ${max}`,
  };
}

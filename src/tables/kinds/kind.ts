import type { ColumnKind, Value } from "../definition.ts";
import { Fault } from "../fault.ts";
import { LosslessNumber } from "../lossless-number.ts";

/** A JSON Schema 2020-12 object. */
export type JsonSchema = Record<string, unknown>;

/** From a decoded JSON value, never null, to the canonical value or the rule that it breaks. Never throws. */
export type Check = (input: unknown) => Value | Fault;

/** How the values of one MySQL type come, are kept and compare; nullability is the column's matter. */
export interface Kind {
  readonly kind: ColumnKind;
  readonly check: Check;
  /** What the contract prints for a value on the wire. */
  readonly schema: JsonSchema;
  /** Numeric kinds only: how `add` works. */
  readonly sum?: Sum;
  fromDatabase(raw: unknown): Value;
  compare(a: Value, b: Value): number;
}

export interface Sum {
  /** Reads a signed difference, which may be as wide as the whole range of the type. */
  readonly check: Check;
  readonly schema: JsonSchema;
  /** The canonical sum, or undefined when it does not fit the type. */
  plus(value: Value, delta: Value): Value | undefined;
}

/** The order of two canonical values of a kind whose JavaScript order is MySQL's. */
export function naturalOrder(a: Value, b: Value): number {
  if (a === b) {
    return 0;
  }
  return a !== null && (b === null || a > b) ? 1 : -1;
}

/** The fault of a JSON value of the wrong type. */
export function typeFault(what: string): Fault {
  return new Fault("type", `must be ${what}`);
}

/**
 * The text of a number as it was written, from a JSON number, a {@link LosslessNumber} or a string; a string may not
 * use an exponent. Undefined for every other value.
 */
export function numberText(input: unknown): string | undefined {
  if (typeof input === "number") {
    return String(input);
  }
  if (typeof input === "string") {
    return /[eE]/.test(input) ? "" : input;
  }
  return input instanceof LosslessNumber ? input.text : undefined;
}

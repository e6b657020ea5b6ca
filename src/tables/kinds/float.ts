import type { Value } from "../definition.ts";
import { parseDecimal } from "../decimal.ts";
import { Fault } from "../fault.ts";
import { LosslessNumber } from "../lossless-number.ts";
import { type Check, type Kind, naturalOrder, typeFault } from "./kind.ts";

const TYPE = typeFault("a number, as a JSON number or a string");
const FORMAT = new Fault("format", "must be a number, as a JSON number or a string");

/** FLOAT and DOUBLE: a finite number, rounded to the nearest that the type holds; UNSIGNED: none below zero. */
export function floatKind(single: boolean, unsigned = false): Kind {
  const round = single ? Math.fround : (value: number) => value;
  const most = single ? Math.fround(3.4028234663852886e38) : Number.MAX_VALUE;
  const least = unsigned ? 0 : -most;
  const check = floatCheck(round, least, most);
  const schema = {
    anyOf: [
      { type: "number", minimum: least, maximum: most },
      { type: "string", pattern: "^[+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$" },
    ],
    description: `a number, kept in ${single ? "single" : "double"} precision`,
  };
  return {
    kind: single ? "float" : "double",
    check,
    schema,
    sum: {
      check: floatCheck((value) => value, -Number.MAX_VALUE, Number.MAX_VALUE),
      schema,
      plus: (value, delta) => plus(value, delta, round, least),
    },
    fromDatabase: (raw) => round(Number(raw)) + 0,
    compare: naturalOrder,
  };
}

function plus(
  value: Value,
  delta: Value,
  round: (value: number) => number,
  least: number,
): Value | undefined {
  const sum = round(((value ?? 0) as number) + (delta as number));
  return Number.isFinite(sum) && sum >= least ? sum + 0 : undefined;
}

function floatCheck(round: (value: number) => number, least: number, most: number): Check {
  const range = new Fault("range", `must be between ${least} and ${most}`);
  return (input) => {
    const value = toNumber(input);
    if (value instanceof Fault) {
      return value;
    }
    const rounded = round(value);
    return Number.isFinite(rounded) && rounded >= least ? rounded + 0 : range;
  };
}

function toNumber(input: unknown): number | Fault {
  if (typeof input === "number") {
    return input;
  }
  const text = input instanceof LosslessNumber ? input.text : input;
  if (typeof text !== "string") {
    return TYPE;
  }
  return parseDecimal(text) === undefined ? FORMAT : Number(text);
}

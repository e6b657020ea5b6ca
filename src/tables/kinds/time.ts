import type { Value } from "../definition.ts";
import { Fault } from "../fault.ts";
import { fractionOf } from "./calendar.ts";
import { type Kind, naturalOrder, typeFault } from "./kind.ts";

const WHAT = "a time as HH:MM:SS, from -838:59:59 to 838:59:59";
const TIME = /^([+-]?)(\d{2,3}):([0-5]\d):([0-5]\d)(?:\.(\d+))?$/;
const TYPE = typeFault(`a string with ${WHAT}`);
const FORMAT = new Fault("format", `must be ${WHAT}`);
const RANGE = new Fault("range", "must be between -838:59:59 and 838:59:59");
const YEAR_RANGE = new Fault("range", "must be between 1901 and 2155");
const YEAR_TYPE = typeFault("a year, as a JSON number or a string of four digits");

/** TIME with `precision` fraction digits: a time of day or a signed length of time, without a zone. */
export function timeKind(precision: number): Kind {
  const lost = new Fault(
    "precision",
    `must have at most ${precision} digits of a second; nothing is rounded`,
  );
  return {
    kind: "time",
    check: (input) => {
      if (typeof input !== "string") {
        return TYPE;
      }
      const match = TIME.exec(input);
      if (match === null) {
        return FORMAT;
      }
      const [, sign, hours = "", minutes, seconds, digits = ""] = match;
      const fraction = fractionOf(digits, precision);
      return fraction === undefined
        ? lost
        : printed(sign === "-", hours, `:${minutes}:${seconds}${fraction}`);
    },
    schema: {
      type: "string",
      pattern: "^[+-]?[0-9]{2,3}:[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?$",
      description: `${WHAT}, with at most ${precision} digits of a second`,
    },
    fromDatabase: String,
    compare: (a, b) => naturalOrder(length(a), length(b)),
  };
}

/** YEAR, from 1901 to 2155. */
export function yearKind(): Kind {
  return {
    kind: "year",
    check: (input) => {
      const year = typeof input === "string" && /^\d{4}$/.test(input) ? Number(input) : input;
      if (typeof year !== "number" || !Number.isInteger(year)) {
        return YEAR_TYPE;
      }
      return year < 1901 || year > 2155 ? YEAR_RANGE : year;
    },
    schema: {
      anyOf: [
        { type: "integer", minimum: 1901, maximum: 2155 },
        { type: "string", pattern: "^[0-9]{4}$" },
      ],
      description: "a year from 1901 to 2155",
    },
    fromDatabase: Number,
    compare: naturalOrder,
  };
}

/** As MySQL prints it: two digits of hours or three, and no sign on zero. */
function printed(negative: boolean, hours: string, rest: string): string | Fault {
  const whole = hours.length === 3 && hours.startsWith("0") ? hours.slice(1) : hours;
  const beyond = whole === "838" && rest.startsWith(":59:59") && /[1-9]/.test(rest.slice(":59:59".length));
  if (whole.length === 3 && (whole > "838" || beyond)) {
    return RANGE;
  }
  const text = whole + rest;
  return negative && /[1-9]/.test(text) ? `-${text}` : text;
}

/** Seconds; a double holds every TIME(6) exactly enough to order them. */
function length(value: Value): number | null {
  if (value === null) {
    return null;
  }
  const [hours = "", minutes, seconds] = String(value).replace("-", "").split(":");
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return String(value).startsWith("-") ? -size : size;
}

import { Fault } from "../fault.ts";
import { clockAt, digitsEnd, fractionOf, startsWithDay, twoDigits } from "./calendar.ts";
import { type Check, type Kind, naturalOrder, typeFault } from "./kind.ts";

const DATE_WHAT = "a day of the calendar as YYYY-MM-DD";
const DATE_TYPE = typeFault(`a string with ${DATE_WHAT}`);
const DATE_FORMAT = new Fault("format", `must be ${DATE_WHAT}`);
const DATE_RANGE = new Fault("range", "must be between 1000-01-01 and 9999-12-31");
const TIME_WHAT = "a time as RFC 3339 has it, such as 2024-07-11T16:26:32Z; without a zone it is UTC";
const TIME_TYPE = typeFault(`a string with ${TIME_WHAT}`);
const TIME_FORMAT = new Fault("format", `must be ${TIME_WHAT}`);
const MINUTE = 60_000;

/** DATE: `YYYY-MM-DD`, which has no zone and never shifts. */
export function dateKind(): Kind {
  return {
    kind: "date",
    check: (input) => {
      if (typeof input !== "string") {
        return DATE_TYPE;
      }
      if (input.length !== 10 || !startsWithDay(input)) {
        return DATE_FORMAT;
      }
      return input < "1000-01-01" ? DATE_RANGE : input;
    },
    schema: {
      type: "string",
      pattern: "^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
      description: "a day, YYYY-MM-DD, 1000-01-01 to 9999-12-31",
    },
    fromDatabase: String,
    compare: naturalOrder,
  };
}

/**
 * DATETIME and TIMESTAMP (`unix`) with `precision` fraction digits, kept in UTC (RFC 3339 section 5.6; the zone may be
 * left out and the `T` may be a space; ranges by the MySQL Reference Manual, "The DATE, DATETIME, and TIMESTAMP Types").
 */
export function datetimeKind(precision: number, unix: boolean): Kind {
  const [first, last] = unix
    ? ["1970-01-01 00:00:01", "2038-01-19 03:14:07"]
    : ["1000-01-01 00:00:00", "9999-12-31 23:59:59"];
  const range = new Fault("range", `must be between ${first} and ${last} UTC`);
  const lost = new Fault(
    "precision",
    `must have at most ${precision} digits of a second; nothing is rounded`,
  );
  const check: Check = (input) => {
    if (typeof input !== "string") {
      return TIME_TYPE;
    }
    const parts = split(input);
    if (parts === undefined) {
      return TIME_FORMAT;
    }
    const fraction = fractionOf(parts.fraction, precision);
    if (fraction === undefined) {
      return lost;
    }
    const seconds = parts.offset === 0 ? parts.seconds : shift(parts.seconds, parts.offset);
    return seconds >= first && seconds <= last ? seconds + fraction : range;
  };
  return {
    kind: "datetime",
    check,
    schema: datetimeSchema(precision, first, last),
    fromDatabase: String,
    compare: naturalOrder,
  };
}

interface Parts {
  /** `YYYY-MM-DD HH:MM:SS` as written. */
  readonly seconds: string;
  readonly fraction: string;
  /** Minutes east of UTC. */
  readonly offset: number;
}

function split(text: string): Parts | undefined {
  const between = text[10];
  if (!startsWithDay(text) || !clockAt(text, 11) || (between !== "T" && between !== " " && between !== "t")) {
    return undefined;
  }
  let end = 19;
  if (text[end] === ".") {
    end = digitsEnd(text, 20);
    if (end === 20) {
      return undefined;
    }
  }
  const offset = end === text.length ? 0 : zoneOffset(text, end);
  const seconds = `${text.slice(0, 10)} ${text.slice(11, 19)}`;
  return offset === undefined ? undefined : { seconds, fraction: text.slice(20, end), offset };
}

function zoneOffset(text: string, at: number): number | undefined {
  const sign = text[at];
  if ((sign === "Z" || sign === "z") && text.length === at + 1) {
    return 0;
  }
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (
    (sign !== "+" && sign !== "-") ||
    text.length !== at + 6 ||
    text[at + 3] !== ":" ||
    !(hours <= 23 && minutes <= 59)
  ) {
    return undefined;
  }
  return (hours * 60 + minutes) * (sign === "-" ? -1 : 1);
}

/** From local time to UTC. A year beyond 9999 or before 0 gets a sign, which sorts before every digit. */
function shift(seconds: string, offset: number): string {
  const at = Date.parse(`${seconds.replace(" ", "T")}Z`) - offset * MINUTE;
  return new Date(at).toISOString().replace("T", " ").replace(".000Z", "");
}

function datetimeSchema(precision: number, first: string, last: string) {
  return {
    type: "string",
    pattern:
      "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$",
    description:
      `a time as RFC 3339 has it, ${first} to ${last} UTC, with at most ${precision} digits of a second; ` +
      "without a zone it is UTC",
  };
}

import { Fault } from "../fault.ts";
import { type Check, type Kind, naturalOrder, typeFault } from "./kind.ts";

const TYPE = typeFault("a string");
const UNICODE = new Fault("unicode", "must be well-formed Unicode, without lone surrogates");
/** One UTF-16 code unit takes at most three bytes of UTF-8. */
const MOST_BYTES_A_UNIT = 3;

/** CHAR(n) and VARCHAR(n), counted in characters (code points). CHAR loses trailing spaces, as MySQL does on reading. */
export function charKind(length: number, fixed: boolean): Kind {
  const tooLong = new Fault("max_length", `must be at most ${length} characters long`);
  return stringKind(
    (text) => {
      const value = fixed ? withoutTrailingSpaces(text) : text;
      return value.length > length && characters(value) > length ? tooLong : value;
    },
    { type: "string", ...(fixed ? {} : { maxLength: length }), description: `at most ${length} characters` },
  );
}

/** The TEXT family, counted in bytes of UTF-8. */
export function textKind(bytes: number): Kind {
  const tooLong = new Fault("max_length", `must be at most ${bytes} bytes long in UTF-8`);
  return stringKind(
    (text) => (text.length * MOST_BYTES_A_UNIT > bytes && Buffer.byteLength(text) > bytes ? tooLong : text),
    { type: "string", maxLength: bytes, description: `at most ${bytes} bytes of UTF-8` },
  );
}

function stringKind(fit: (text: string) => string | Fault, schema: Kind["schema"]): Kind {
  const check: Check = (input) => {
    if (typeof input !== "string") {
      return TYPE;
    }
    return input.isWellFormed() ? fit(input) : UNICODE;
  };
  return { kind: "string", check, schema, fromDatabase: String, compare: naturalOrder };
}

function withoutTrailingSpaces(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") {
    end--;
  }
  return text.slice(0, end);
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) {
    count++;
  }
  return count;
}

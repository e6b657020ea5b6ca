import { canonicalJson } from "../canonical-json.ts";
import { Fault } from "../fault.ts";
import { jsonFault } from "../json-limits.ts";
import { parseJson } from "../parse-json.ts";
import { type Kind, naturalOrder } from "./kind.ts";

/** JSON: any JSON value, kept as its canonical text. JSON null stands for SQL NULL, so it never gets here. */
export function jsonKind(): Kind {
  return {
    kind: "json",
    check: (input) => jsonFault(input) ?? canonicalJson(input),
    schema: { description: "any JSON value; every digit of a number is kept" },
    fromDatabase: (raw) => {
      const value = parseJson(String(raw));
      return value instanceof Fault ? String(raw) : canonicalJson(value);
    },
    compare: naturalOrder,
  };
}

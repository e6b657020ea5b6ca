import { type Kind, naturalOrder, typeFault } from "./kind.ts";

const TYPE = typeFault("true or false (1 and 0 will do)");

/** BOOLEAN, which MySQL keeps as TINYINT(1): every value but 0 is true. */
export function booleanKind(): Kind {
  return {
    kind: "boolean",
    check: (input) => {
      if (typeof input === "boolean") {
        return input;
      }
      return input === 1 ? true : input === 0 ? false : TYPE;
    },
    schema: { anyOf: [{ type: "boolean" }, { type: "integer", enum: [0, 1] }], description: "true or false" },
    fromDatabase: (raw) => Number(raw) !== 0,
    compare: naturalOrder,
  };
}

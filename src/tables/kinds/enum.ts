import { Fault } from "../fault.ts";
import { type Kind, naturalOrder, typeFault } from "./kind.ts";

/** ENUM: exactly one of its members, letter for letter. */
export function enumKind(members: readonly string[]): Kind {
  const known = new Set(members);
  const what = members.map((member) => JSON.stringify(member)).join(", ");
  const type = typeFault(`one of the strings ${what}`);
  const unknown = new Fault("enum", `must be one of ${what}`);
  return {
    kind: "enum",
    check: (input) => (typeof input !== "string" ? type : known.has(input) ? input : unknown),
    schema: { type: "string", enum: [...members] },
    fromDatabase: String,
    compare: naturalOrder,
  };
}

import { Fault } from "../fault.ts";
import { type Kind, naturalOrder, typeFault } from "./kind.ts";

/**
 * SET: its members in one string with commas between them, "" for none of them (MySQL Reference Manual, "The SET Type"). They
 * may come in any order and more than once; the canonical text has each once and in the declared order, as the servers keep it.
 */
export function setKind(members: readonly string[]): Kind {
  const known = new Set(members);
  const what = members.map((member) => JSON.stringify(member)).join(", ");
  const type = typeFault(`a string of members with commas between them, of ${what}`);
  const unknown = new Fault("enum", `must hold no other members than ${what}`);
  return {
    kind: "set",
    check: (input) => {
      if (typeof input !== "string") return type;
      const given = new Set(input === "" ? [] : input.split(","));
      for (const member of given) if (!known.has(member)) return unknown;
      return members.filter((member) => given.has(member)).join(",");
    },
    schema: {
      type: "string",
      pattern: `^((${members.map(escaped).join("|")})(,(?=.)|$))*$`,
      description: `members with commas between them, of ${what}`,
    },
    fromDatabase: String,
    compare: naturalOrder,
  };
}

/** Text as a regular expression that matches it and nothing else. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

import { canonicalJson } from "../tables/canonical-json.ts";
import type { TableDefinition, Value, Values } from "../tables/definition.ts";
import { parseJson } from "../tables/parse-json.ts";
import { HttpProblem } from "./problem.ts";
import { heldValue } from "./text-value.ts";

/** Where a page ends: the key of its last row, in a form that a caller has no reason to look into. */
export function cursorOf(table: TableDefinition, row: Values): string {
  const values = table.key.map(({ name }) => row[name] ?? null);
  return Buffer.from(canonicalJson(values)).toString("base64url");
}

/** The key values behind a cursor, in the key's order. Throws an {@link HttpProblem} `bad_request`. */
export function readCursor(table: TableDefinition, cursor: string): Value[] {
  const bytes = Buffer.from(cursor, "base64url");
  const values = parseJson(bytes.toString());
  if (!Array.isArray(values) || values.length !== table.key.length || bytes.toString("base64url") !== cursor)
    throw refused(table);
  return table.key.map((column, at) => {
    const { value, fault } = heldValue(column, values[at]);
    if (fault !== undefined) throw refused(table);
    return value;
  });
}

function refused({ name }: TableDefinition): HttpProblem {
  const detail = `This is no cursor of ${name}; take the one that a page's member next gives.`;
  return new HttpProblem("bad_request", detail, { members: { pointer: "/query/after" } });
}

import { nearest } from "../messages/nearest.ts";
import { quote } from "../messages/quote.ts";
import type { Registry, TableDefinition } from "../tables/definition.ts";
import { HttpProblem } from "./problem.ts";

/** The definition of this name, letter for letter. Throws an {@link HttpProblem} `not_found`. */
export function findTable(registry: Registry, name: string): TableDefinition {
  const table = registry.get(name);
  if (table !== undefined) return table;
  throw new HttpProblem("not_found", noTable(registry, name));
}

/** Says that there is no table of this name, and which one may be meant. */
export function noTable(registry: Registry, name: string): string {
  const near = nearest(name, registry.keys());
  return `There is no table ${quote(name)}; ${near === undefined ? "GET /tables lists them." : `did you mean ${near}?`}`;
}

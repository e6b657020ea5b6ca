import type { Column, TableDefinition, Values } from "../tables/definition.ts";
import { identifier, literal } from "./literal.ts";
import type { Store } from "./store.ts";

/** A column in a SELECT as {@link Column.fromDatabase} wants it: FLOAT's own text has six digits, and mysql2 reads a DOUBLE's one unit off at times. */
export function selected(column: Column): string {
  const name = identifier(column.name);
  if (column.kind === "float") return `CAST(CAST(${name} AS DOUBLE) AS CHAR) AS ${name}`;
  return column.kind === "double" ? `CAST(${name} AS CHAR) AS ${name}` : name;
}

/** A condition that names rows by their whole key; MariaDB optimizes lists of row constructors poorly, so pairs are OR-ed. */
export function keyCondition(
  table: TableDefinition,
  keys: readonly Values[],
  flavor: Store["flavor"],
): string {
  const value = (column: Column, key: Values) => literal(column, key[column.name] ?? null, flavor);
  const [first] = table.key;
  if (first !== undefined && table.key.length === 1) {
    return `${identifier(first.name)} IN (${keys.map((key) => value(first, key)).join(",")})`;
  }
  const equals = (key: Values) =>
    table.key.map((c) => `${identifier(c.name)}=${value(c, key)}`).join(" AND ");
  return keys.map((key) => `(${equals(key)})`).join(" OR ");
}

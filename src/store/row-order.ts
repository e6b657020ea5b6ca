import type { Column, Value } from "../tables/definition.ts";
import { parseSqlType } from "../tables/sql-type.ts";
import { identifier, literal } from "./literal.ts";
import type { Store } from "./store.ts";

/**
 * A condition for the rows that come after this key in the order of the primary key. The server compares, by each column's
 * own collation. Row constructors such as `(a,b) > (1,2)` use no index range on either server, so it is spelled out.
 */
export function afterKey(key: readonly Column[], values: readonly Value[], flavor: Store["flavor"]): string {
  const [column, ...others] = key;
  const [value, ...rest] = values;
  if (column === undefined || value === undefined) return "FALSE";
  const name = identifier(column.name);
  const beyond = greater(column, value, flavor);
  if (others.length === 0) return beyond;
  const equal = `${name}=${literal(column, value, flavor)}`;
  return `(${beyond} OR (${equal} AND ${afterKey(others, rest, flavor)}))`;
}

/** An ENUM is sorted by the order of its members, but compared with a text as a text. */
function greater(column: Column, value: Value, flavor: Store["flavor"]): string {
  const name = identifier(column.name);
  if (column.kind !== "enum") return `${name}>${literal(column, value, flavor)}`;
  const members = parseSqlType(column.sqlType)?.members ?? [];
  const later = members.slice(members.indexOf(String(value)) + 1);
  if (later.length === 0) return "FALSE";
  return `${name} IN (${later.map((member) => literal(column, member, flavor)).join(",")})`;
}

import type { TableDefinition, Values } from "../tables/definition.ts";
import type { RowId } from "./update.ts";

/**
 * The name of one row in this process: the same for the same table and canonical key values, whoever wrote them and how;
 * different otherwise. `key` has every column of the table's key, none of them null. No MySQL name can contain U+0000,
 * and lengths say where each value of a composite key ends.
 */
export function rowId(table: TableDefinition, key: Values): RowId {
  const [first, ...others] = table.key;
  if (first === undefined) {
    return table.name as RowId;
  }
  if (others.length === 0) {
    return `${table.name}\u0000${key[first.name]}` as RowId;
  }
  let id = table.name;
  for (const { name } of table.key) {
    const value = String(key[name]);
    id += `\u0000${value.length}:${value}`;
  }
  return id as RowId;
}

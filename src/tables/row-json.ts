import { canonicalJson } from "./canonical-json.ts";
import type { Column, TableDefinition, Values, Value } from "./definition.ts";

/** A row as JSON text, its columns in the definition's order; see {@link valueJson}. */
export function rowJson(table: TableDefinition, row: Values): string {
  const members = [...table.columns.values()].map(
    (column) => `${JSON.stringify(column.name)}:${valueJson(column, row[column.name] ?? null)}`,
  );
  return `{${members.join(",")}}`;
}

/**
 * A canonical value as JSON text, with every digit; an update takes it back and means the same value by it. BIGINT and
 * DECIMAL are strings of digits: most JSON parsers read numbers as doubles and would change them silently. The values of
 * JSON columns are what they are, byte for byte the canonical text. DATETIME and TIMESTAMP are RFC 3339 in UTC.
 */
export function valueJson(column: Column, value: Value): string {
  if (value === null) return "null";
  switch (column.kind) {
    case "bigint":
    case "decimal":
      return `"${value}"`;
    case "datetime":
      return JSON.stringify(`${String(value).replace(" ", "T")}Z`);
    case "json":
      return embedded(String(value));
    case "integer":
    case "float":
    case "double":
    case "boolean":
    case "string":
    case "binary":
    case "date":
    case "time":
    case "year":
    case "enum":
    case "set":
      return canonicalJson(value);
    default:
      return column.kind satisfies never;
  }
}

/** Somebody else may have put a text into a JSON column of MariaDB that JavaScript does not take for JSON. */
function embedded(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

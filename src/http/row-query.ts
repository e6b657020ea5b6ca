import { nearest } from "../messages/nearest.ts";
import { pointerTo } from "../messages/pointer.ts";
import { quote } from "../messages/quote.ts";
import { comparable, type NotIn } from "../store/row-not-in.ts";
import type { Column, Registry, TableDefinition, Value } from "../tables/definition.ts";
import { noTable } from "./find-table.ts";
import { HttpProblem } from "./problem.ts";
import { textValue } from "./text-value.ts";

/** Parameters of a page that are no column's; a column of such a name is asked for as `column.<name>`. */
const PARAMETERS: ReadonlySet<string> = new Set(["limit", "after", "notIn", "isNull"]);
const PREFIX = "column.";

/**
 * The filters of a query: `<column>=<value>`, which may always be written `column.<column>=<value>`, and `isNull=<column>`. Throws
 * an {@link HttpProblem} `bad_request` for what is no column, is in no index, or is
 * no value.
 */
export function readFilters(table: TableDefinition, query: URLSearchParams): ReadonlyMap<Column, Value> {
  const filters = new Map<Column, Value>();
  const put = (parameter: string, column: Column, value: Value) => {
    if (filters.has(column)) throw refused(parameter, `The column ${column.name} is asked for twice.`);
    filters.set(column, value);
  };
  for (const [parameter, text] of query) {
    if (parameter === "isNull") put(parameter, indexed(table, parameter, text), null);
    if (PARAMETERS.has(parameter)) continue;
    const name = parameter.startsWith(PREFIX) ? parameter.slice(PREFIX.length) : parameter;
    const column = indexed(table, parameter, name);
    const { value, fault } = textValue(column, text);
    if (fault !== undefined) throw refused(parameter, `${column.name} ${fault}.`);
    put(parameter, column, value);
  }
  return filters;
}

function indexed(table: TableDefinition, parameter: string, name: string): Column {
  const column = table.columns.get(name);
  if (column !== undefined && table.indexed.has(name)) return column;
  const columns = [...table.columns.keys()].filter((one) => table.indexed.has(one));
  const near = column === undefined ? nearest(name, [...PARAMETERS, ...columns]) : undefined;
  const why =
    column === undefined
      ? `${table.name} has no column ${quote(name)}${near === undefined ? "" : ` (did you mean ${near}?)`}`
      : `No index of ${table.name} begins with ${name}`;
  throw refused(parameter, `${why}; rows can be asked for by ${columns.join(", ")}.`);
}

/** Cuts `<table>.<column>` where both are names of the registry; names may have dots themselves. Else at the first dot. */
export function splitNotIn(registry: Registry, text: string): { table: string; column: string } {
  const cuts = [...text.matchAll(/\./g)].map(({ index }) => ({
    table: text.slice(0, index),
    column: text.slice(index + 1),
  }));
  const known = cuts.find(({ table, column }) => registry.get(table)?.columns.has(column));
  return known ?? cuts[0] ?? { table: text, column: "" };
}

/**
 * The other table's column of `notIn=<table>.<column>`. Throws an {@link HttpProblem} `bad_request` when there is none, or when
 * it cannot hold the table's key.
 */
export function readNotIn(registry: Registry, table: TableDefinition, text: string): NotIn {
  const { table: name, column: columnName } = splitNotIn(registry, text);
  const other = registry.get(name);
  if (other === undefined) throw refused("notIn", noTable(registry, name));
  const column = other.columns.get(columnName);
  if (column === undefined)
    throw refused("notIn", `${name} has no column ${quote(text.slice(name.length + 1))}.`);
  const [key] = table.key;
  if (key === undefined || table.key.length > 1)
    throw refused("notIn", `The key of ${table.name} is not one column.`);
  if (!comparable(key, column)) {
    throw refused(
      "notIn",
      `${name}.${columnName} is ${column.sqlType}; it cannot hold the key ${key.name}, ${key.sqlType}.`,
    );
  }
  return { table: other, column };
}

function refused(parameter: string, detail: string): HttpProblem {
  return new HttpProblem("bad_request", detail, { members: { pointer: pointerTo([parameter], "/query") } });
}

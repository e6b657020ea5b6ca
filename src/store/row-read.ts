import type { Column, TableDefinition, Value, Values } from "../tables/definition.ts";
import { identifier, literal } from "./literal.ts";
import { type NotIn, notInCondition } from "./row-not-in.ts";
import { afterKey } from "./row-order.ts";
import { keyCondition, selected } from "./row-select.ts";
import type { DatabaseRow, Store } from "./store.ts";
import { databaseError } from "./trouble.ts";

/** Which rows of a table, in the order of its primary key. */
export interface RowQuery {
  /** Rows at the most. */
  readonly limit: number;
  /** Only rows that come after this key; its values in the key's order. */
  readonly after?: readonly Value[] | undefined;
  /** Only rows with these values, digit for digit and byte for byte; null finds NULL. */
  readonly equal?: ReadonlyMap<Column, Value> | undefined;
  /** Only rows whose key another table's column does not hold. */
  readonly notIn?: NotIn | undefined;
}

/** Rows, all columns in canonical form, and whether there are more behind them. */
export interface RowPage {
  readonly rows: readonly Values[];
  readonly more: boolean;
}

/** The row of this key, or undefined. Throws as the driver does. */
export async function readRow(
  store: Store,
  table: TableDefinition,
  key: Values,
): Promise<Values | undefined> {
  const rows = await selectRows(store, table, `WHERE ${keyCondition(table, [key], store.flavor)}`);
  // A key's collation may take other texts for the same.
  return rows.find((row) => table.key.every(({ name }) => row[name] === key[name]));
}

/** One page of a table's rows. Throws as the driver does. */
export async function readRows(
  store: Store,
  table: TableDefinition,
  { limit, after, equal = new Map(), notIn }: RowQuery,
): Promise<RowPage> {
  const conditions = [...equal].map(([column, value]) => equals(column, value, store.flavor));
  if (after !== undefined) conditions.push(afterKey(table.key, after, store.flavor));
  if (notIn !== undefined) conditions.push(await notInCondition(store, table, notIn));
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")} `;
  const order = table.key.map(({ name }) => identifier(name)).join(",");
  const rows = await selectRows(store, table, `${where}ORDER BY ${order} LIMIT ${limit + 1}`);
  return { rows: rows.slice(0, limit), more: rows.length > limit };
}

/** The first condition finds the rows through an index, by the column's collation; the second one compares the bytes. */
function equals(column: Column, value: Value, flavor: Store["flavor"]): string {
  const name = identifier(column.name);
  if (value === null) return `${name} IS NULL`;
  if (column.kind === "boolean") return value === true ? `${name}<>0` : `${name}=0`;
  const same = `${name}=${literal(column, value, flavor)}`;
  if (column.kind !== "string") return same;
  return `${same} AND CAST(CONVERT(${name} USING utf8mb4) AS BINARY)=CAST(${literal(column, value, flavor)} AS BINARY)`;
}

/** All columns; `rest` is what follows FROM and the table. */
async function selectRows(store: Store, table: TableDefinition, rest: string): Promise<Values[]> {
  const columns = [...table.columns.values()];
  const list = columns.map(selected).join(",");
  const stored = await select(store, `SELECT ${list} FROM ${identifier(table.name)} ${rest}`);
  return stored.map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, column.fromDatabase(row[column.name])])),
  );
}

/** A text that the column's character set does not have is in no row: errors 1267, 3854 and 3988 of both servers' references. */
const NO_SUCH_TEXT: ReadonlySet<number | undefined> = new Set([1267, 3854, 3988]);

async function select(store: Store, sql: string): Promise<DatabaseRow[]> {
  try {
    return await store.select(sql);
  } catch (error) {
    if (NO_SUCH_TEXT.has(databaseError(error).errno)) return [];
    throw error;
  }
}

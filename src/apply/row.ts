import type { RowId } from "../messages/update.ts";
import type { DatabaseRow } from "../store/store.ts";
import type { Column, TableDefinition, Value, Values } from "../tables/definition.ts";

/** The value of a column that only the server knows yet: a computed default of a row inserted in this batch. */
export const SERVER_VALUE = Symbol("server value");

/** A row as a batch sees it: what the database holds, and what this batch has made of it so far. Never mutated. */
export interface Row {
  readonly table: TableDefinition;
  /** Canonical key values; without the auto-increment column while the server has not chosen it. */
  readonly key: Values;
  /** As locked in the database, raw; undefined: no such row. */
  readonly stored: DatabaseRow | undefined;
  readonly exists: boolean;
  /** What this batch writes, by column. */
  readonly written: Values;
}

export type Rows = ReadonlyMap<RowId, Row>;

const NOTHING: Values = Object.freeze({});

/** A row that the database does not hold. */
export function missingRow(table: TableDefinition, key: Values): Row {
  return { table, key, stored: undefined, exists: false, written: NOTHING };
}

/** A row as the database holds it. */
export function storedRow(table: TableDefinition, key: Values, stored: DatabaseRow): Row {
  return { table, key, stored, exists: true, written: NOTHING };
}

/** What a column of an existing row holds now. */
export function valueOf(row: Row, column: Column): Value | typeof SERVER_VALUE {
  const written = row.written[column.name];
  if (written !== undefined) return written;
  if (row.stored !== undefined) return column.fromDatabase(row.stored[column.name]);
  const key = row.key[column.name];
  if (key !== undefined) return key;
  return column.defaultValue === undefined ? SERVER_VALUE : column.defaultValue;
}

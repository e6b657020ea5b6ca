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
  /** The key of another row, which the key's collation takes for the same as this one's. */
  readonly takenBy?: string;
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

/** This batch writes into the row, which the database holds. */
function isChanged({ stored, written }: Row): boolean {
  return stored !== undefined && written !== NOTHING;
}

/** What a column of an existing row holds now. */
export function valueOf(row: Row, column: Column): Value | typeof SERVER_VALUE {
  const written = row.written[column.name];
  if (written !== undefined) return written;
  if (column.onUpdate && isChanged(row)) return SERVER_VALUE;
  if (row.stored !== undefined) return column.fromDatabase(storedValue(row.stored, column));
  const key = row.key[column.name];
  if (key !== undefined) return key;
  return column.defaultValue === undefined ? SERVER_VALUE : column.defaultValue;
}

/** A column that was not read must never pass for NULL. */
function storedValue(stored: DatabaseRow, { name }: Column): unknown {
  const raw = stored[name];
  if (raw === undefined) throw new Error(`column ${name} was not read`);
  return raw;
}

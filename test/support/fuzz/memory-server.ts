import { missingRow, type Row, storedRow } from "../../../src/apply/row.ts";
import { rowId } from "../../../src/messages/row-id.ts";
import type { RowId, Update } from "../../../src/messages/update.ts";
import type { DatabaseRow } from "../../../src/store/store.ts";
import type { TableDefinition, Value } from "../../../src/tables/definition.ts";

/** What the server calls the time; it never gets later. */
export const SERVER_TIME = "2030-01-01 00:00:00";

/** Tables in memory that take what a round writes, as a MySQL server would without its constraints. */
export class MemoryServer {
  readonly #rows = new Map<RowId, DatabaseRow>();
  readonly #tables = new Map<RowId, TableDefinition>();

  /** Every row, by its table's name and its key. */
  rows(): readonly { readonly table: TableDefinition; readonly row: DatabaseRow }[] {
    return [...this.#rows].map(([id, row]) => ({ table: this.#tables.get(id) as TableDefinition, row }));
  }

  /** The rows that updates touch, as `lockRows` gives them. */
  read(updates: readonly Update[]): Map<RowId, Row> {
    const rows = new Map<RowId, Row>();
    for (const { table, row, key } of updates.flatMap(({ changes }) => changes)) {
      if (row === undefined) continue;
      const stored = this.#rows.get(row);
      rows.set(
        row,
        stored === undefined ? missingRow(table, key) : storedRow(table, key, Object.freeze({ ...stored })),
      );
    }
    return rows;
  }

  /** Gives what puts all rows back as they are now. */
  savepoint(): () => void {
    const kept = new Map(this.#rows);
    return () => {
      this.#rows.clear();
      for (const [id, row] of kept) this.#rows.set(id, row);
    };
  }

  /** Deletes first, then the others in their order, as `writeRows` does. Throws when a row is not as the writer believed. */
  write(rows: Iterable<Row>): void {
    const all = [...rows];
    for (const row of all) if (row.stored !== undefined && !row.exists) this.#delete(row);
    for (const row of all) if (row.exists) this.#put(row);
  }

  #delete({ table, key }: Row): void {
    if (!this.#rows.delete(rowId(table, key))) throw new Error(`no row to delete: ${table.name}`);
    for (const [id, row] of this.#rows)
      if (
        table.name === "crews" &&
        this.#tables.get(id)?.name === "sailors" &&
        String(row["crew"]) === String(key["id"])
      )
        this.#rows.delete(id);
  }

  #put({ table, key, stored, written }: Row): void {
    const id = rowId(table, key);
    const before = this.#rows.get(id);
    if ((before !== undefined) !== (stored !== undefined))
      throw new Error(`another row than read: ${table.name}`);
    const row: Record<string, Value> = {};
    for (const { name, defaultValue, onUpdate } of table.columns.values()) {
      const initial = key[name] ?? (defaultValue === undefined ? SERVER_TIME : defaultValue);
      const kept = before === undefined ? initial : onUpdate ? SERVER_TIME : (before[name] as Value);
      row[name] = written[name] === undefined ? kept : (written[name] as Value);
    }
    this.#rows.set(id, row);
    this.#tables.set(id, table);
  }
}

import { rowId } from "../messages/row-id.ts";
import type { RowId, Update } from "../messages/update.ts";
import { identifier } from "../store/literal.ts";
import { keyCondition, selected } from "../store/row-select.ts";
import type { DatabaseRow, Store, Transaction } from "../store/store.ts";
import type { Column, TableDefinition, Value, Values } from "../tables/definition.ts";
import { missingRow, type Row, storedRow } from "./row.ts";

/**
 * Keys in one SELECT. MariaDB turns lists of 1,000 and more into a join (in_predicate_conversion_threshold), and the
 * optimizer's memory for ranges is bounded on both servers.
 */
const KEYS_PER_SELECT = 500;

/** What a batch needs of one table: the rows, and the columns that decide about them or are written back. */
interface Wanted {
  readonly table: TableDefinition;
  readonly keys: Map<RowId, Values>;
  readonly columns: ReadonlySet<string>;
}

/** By table, the columns that a batch reads of each of its rows, also when it reads some of them again. */
export type ReadColumns = ReadonlyMap<TableDefinition, ReadonlySet<string>>;

/** All columns that these updates name: a row's statement may have to repeat what another row's update changes. */
export function readColumns(updates: Iterable<Update>): ReadColumns {
  const byTable = new Map<TableDefinition, Set<string>>();
  for (const { changes } of updates) {
    for (const { table, set, add, expect } of changes) {
      const columns = byTable.get(table) ?? new Set(alwaysRead(table));
      byTable.set(table, columns);
      for (const name in set) columns.add(name);
      for (const name in add) columns.add(name);
      for (const name in expect) columns.add(name);
    }
  }
  return byTable;
}

/**
 * Reads and locks the rows that the updates touch (`only`, when given, narrows them down), in (table, key) order, so that two
 * workers never wait for each other crosswise; a row that is not there is told as missing and is not locked.
 */
export async function lockRows(
  tx: Transaction,
  flavor: Store["flavor"],
  updates: Iterable<Update>,
  columns: ReadColumns,
  only?: ReadonlySet<RowId>,
): Promise<Map<RowId, Row>> {
  const rows = new Map<RowId, Row>();
  const byTable = wantedRows(updates, columns, only);
  for (const name of [...byTable.keys()].sort()) {
    const wanted = byTable.get(name) as Wanted;
    const ids = [...wanted.keys.keys()];
    // One statement's rows the server locks in the order of its index, whatever the list's; several need it of us.
    if (ids.length > KEYS_PER_SELECT) ids.sort(keyOrder(wanted));
    for (let at = 0; at < ids.length; at += KEYS_PER_SELECT) {
      await lockChunk(tx, flavor, wanted, ids.slice(at, at + KEYS_PER_SELECT), rows);
    }
  }
  return rows;
}

function wantedRows(
  updates: Iterable<Update>,
  columns: ReadColumns,
  only: ReadonlySet<RowId> | undefined,
): Map<string, Wanted> {
  const byTable = new Map<string, Wanted>();
  for (const { changes } of updates) {
    for (const { table, row, key } of changes) {
      if (row === undefined || (only !== undefined && !only.has(row))) continue;
      let wanted = byTable.get(table.name);
      if (wanted === undefined) {
        wanted = { table, keys: new Map(), columns: columns.get(table) ?? new Set(alwaysRead(table)) };
        byTable.set(table.name, wanted);
      }
      wanted.keys.set(row, key);
    }
  }
  return byTable;
}

/** As the primary key's index has them; but for a collation that orders text in another way than by its characters' numbers. */
function keyOrder({ table, keys }: Wanted): (a: RowId, b: RowId) => number {
  return (a, b) => {
    for (const column of table.key) {
      const order = column.compare(keys.get(a)?.[column.name] ?? null, keys.get(b)?.[column.name] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** The key; what a written row cannot leave out; with CHECKs every column, for the server judges whole rows. */
function alwaysRead(table: TableDefinition): string[] {
  const names = table.key.map((column) => column.name);
  for (const column of table.columns.values()) {
    if (!column.optional || (table.hasChecks && !column.generated)) names.push(column.name);
  }
  return names;
}

async function lockChunk(
  tx: Transaction,
  flavor: Store["flavor"],
  { table, keys, columns }: Wanted,
  ids: readonly RowId[],
  rows: Map<RowId, Row>,
): Promise<void> {
  for (const id of ids) rows.set(id, missingRow(table, keys.get(id) as Values));
  const list = [...columns].map((name) => selected(table.columns.get(name) as Column)).join(",");
  const where = keyCondition(
    table,
    ids.map((id) => keys.get(id) as Values),
    flavor,
  );
  let foreign = false;
  for (const stored of await tx.select(
    `SELECT ${list} FROM ${identifier(table.name)} WHERE ${where} FOR UPDATE`,
  )) {
    const id = rowId(table, storedKey(table, stored));
    const key = keys.get(id);
    if (key === undefined) foreign = true;
    else rows.set(id, storedRow(table, key, stored));
  }
  if (foreign) await noteTaken(tx, flavor, table, ids, rows);
}

function storedKey(table: TableDefinition, stored: DatabaseRow): Values {
  const key: Record<string, Value> = {};
  for (const column of table.key) key[column.name] = column.fromDatabase(stored[column.name]);
  return key;
}

/**
 * The database found a row under another key than the one asked for, as a collation that ignores letter case or accents does
 * (of an imported table, say). To write it would change a row that the update does not name: whose key it is, is noted.
 */
async function noteTaken(
  tx: Transaction,
  flavor: Store["flavor"],
  table: TableDefinition,
  ids: readonly RowId[],
  rows: Map<RowId, Row>,
): Promise<void> {
  const list = table.key.map(selected).join(",");
  for (const id of ids) {
    const row = rows.get(id);
    if (row === undefined || row.exists) continue;
    const where = keyCondition(table, [row.key], flavor);
    const [stored] = await tx.select(`SELECT ${list} FROM ${identifier(table.name)} WHERE ${where}`);
    if (stored === undefined) continue;
    const key = table.key.map((column) => String(column.fromDatabase(stored[column.name])));
    rows.set(id, { ...row, takenBy: JSON.stringify(key.length === 1 ? key[0] : key) });
  }
}

import { identifier, literal } from "../store/literal.ts";
import { keyCondition } from "../store/row-select.ts";
import type { Store, Transaction } from "../store/store.ts";
import type { Column, TableDefinition } from "../tables/definition.ts";
import { type Row, SERVER_VALUE, valueOf } from "./row.ts";
import { runInserts } from "./run-inserts.ts";

/** What is to happen to one table's rows. */
interface Writes {
  readonly table: TableDefinition;
  readonly deletes: Row[];
  readonly updates: Row[];
  readonly inserts: Row[];
}

/**
 * Writes changed rows with multi-row statements: first what is deleted, then, table by table in the order of their first
 * change, what is updated and what is new. The rows must be locked, or missing, as `lockRows` told.
 */
export async function writeRows(tx: Transaction, store: Store, rows: Iterable<Row>): Promise<void> {
  const byTable = new Map<TableDefinition, Writes>();
  for (const row of rows) sortIn(byTable, row);
  for (const { table, deletes } of byTable.values()) {
    if (deletes.length === 0) continue;
    const keys = deletes.map((row) => row.key);
    await tx.run(`DELETE FROM ${identifier(table.name)} WHERE ${keyCondition(table, keys, store.flavor)}`);
  }
  for (const writes of byTable.values()) {
    await updateRows(tx, store, writes);
    await insertRows(tx, store, writes);
  }
}

function sortIn(byTable: Map<TableDefinition, Writes>, row: Row): void {
  let writes = byTable.get(row.table);
  if (writes === undefined) {
    writes = { table: row.table, deletes: [], updates: [], inserts: [] };
    byTable.set(row.table, writes);
  }
  if (row.stored === undefined) {
    if (row.exists) writes.inserts.push(row);
  } else {
    (row.exists ? writes.updates : writes.deletes).push(row);
  }
}

/**
 * ON DUPLICATE KEY UPDATE is safe here and only here: each row is locked and known to exist by its primary key, which the
 * server looks up first, so no other unique index can choose the row. A conflict with one is error 1062.
 */
async function updateRows(tx: Transaction, store: Store, { table, updates }: Writes): Promise<void> {
  if (updates.length === 0) return;
  if (table.updatesOneByOne) {
    for (const row of updates) await tx.run(updateStatement(row, store));
    return;
  }
  const changed = new Set<string>();
  for (const { name } of table.onUpdate) changed.add(name);
  for (const row of updates) for (const name in row.written) changed.add(name);
  const columns = [...table.columns.values()].filter((column) => {
    if (column.generated) return false;
    return table.hasChecks || !column.optional || changed.has(column.name) || table.key.includes(column);
  });
  const assignments = [...changed].map((name) => `${identifier(name)}=VALUES(${identifier(name)})`);
  await runInserts(tx, store.maxPacket, {
    head: `${insertHead(table, columns)} VALUES `,
    rows: updates.map((row) => tuple(row, columns, store.flavor)),
    tail: ` ON DUPLICATE KEY UPDATE ${assignments.join(",")}`,
  });
}

/** For a table that has a column which an INSERT would need and no update can hold. */
function updateStatement(row: Row, { flavor }: Store): string {
  const { table, key, written } = row;
  const given = Object.entries(written).map(([name, value]) => {
    return `${identifier(name)}=${literal(table.columns.get(name) as Column, value, flavor)}`;
  });
  const times = table.onUpdate
    .filter(({ name }) => written[name] === undefined)
    .map((column) => `${identifier(column.name)}=${serverValue(row, column)}`);
  const values = [...given, ...times];
  return `UPDATE ${identifier(table.name)} SET ${values.join(",")} WHERE ${keyCondition(table, [key], flavor)}`;
}

async function insertRows(tx: Transaction, store: Store, { table, inserts }: Writes): Promise<void> {
  if (inserts.length === 0) return;
  const given = new Set<string>();
  for (const row of inserts) {
    for (const name in row.key) given.add(name);
    for (const name in row.written) given.add(name);
  }
  const columns = [...table.columns.values()].filter((column) => given.has(column.name));
  await runInserts(tx, store.maxPacket, {
    head: `${insertHead(table, columns)} VALUES `,
    rows: inserts.map((row) => tuple(row, columns, store.flavor)),
    tail: "",
  });
}

function insertHead(table: TableDefinition, columns: readonly Column[]): string {
  return `INSERT INTO ${identifier(table.name)} (${columns.map((column) => identifier(column.name)).join(",")})`;
}

function tuple(row: Row, columns: readonly Column[], flavor: Store["flavor"]): string {
  let text = "(";
  for (const column of columns) {
    const value = row.stored === undefined ? givenValue(row, column) : valueOf(row, column);
    text += text.length > 1 ? "," : "";
    text += value === SERVER_VALUE ? serverValue(row, column) : literal(column, value, flavor);
  }
  return `${text})`;
}

/** A changed row gets the time of its change, as the server would write it by itself. */
function serverValue(row: Row, column: Column): string {
  if (row.stored === undefined || !column.onUpdate) return "DEFAULT";
  return `CURRENT_TIMESTAMP(${/\((\d)\)/.exec(column.sqlType)?.[1] ?? 0})`;
}

/** Of a new row: an absent column is left to the server's own default. */
function givenValue(row: Row, column: Column) {
  const written = row.written[column.name];
  return written === undefined ? (row.key[column.name] ?? SERVER_VALUE) : written;
}

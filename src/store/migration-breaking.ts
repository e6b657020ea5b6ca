import type { IndexDef, SchemaDifference, TableDifference } from "@mikro-orm/mysql";
import { identifier } from "./literal.ts";
import type { MigrationStep } from "./migration-source.ts";
import { typeChange } from "./migration-type-change.ts";

/** Which statement workers of the old version cannot live with, by what it says, and why. */
export interface Breaking {
  readonly table: string;
  /** What only this one of the table's statements holds. */
  readonly fragment: string;
  readonly why: string;
}

/**
 * What a difference takes away from workers that know only the tables before it, or asks of them without their knowing it. All
 * that merely adds is none of it: tables, indexes, columns that are nullable or have a default, types that hold more.
 */
export function breakingOf(diff: SchemaDifference): Breaking[] {
  const found: Breaking[] = Object.keys(diff.removedTables).map((table) => ({
    table,
    fragment: "drop table",
    why: `older workers use table ${table}`,
  }));
  for (const table of Object.values(diff.changedTables)) {
    const add = (fragment: string, why: string) => found.push({ table: table.name, fragment, why });
    ofLostColumns(table, add);
    ofAddedColumns(table, add);
    ofChangedColumns(table, add);
    ofConstraints(table, add);
  }
  return found;
}

type Add = (fragment: string, why: string) => void;

function ofLostColumns(table: TableDifference, add: Add): void {
  for (const [name, column] of Object.entries(table.removedColumns)) {
    const again = table.addedColumns[name];
    // MikroORM drops and adds a generated column whose expression has changed.
    if (again !== undefined && column.generated && again.generated) continue;
    add(`drop column ${identifier(name)}`, `older workers use ${table.name}.${name}`);
  }
  for (const [old, { name }] of Object.entries(table.renamedColumns)) {
    add(
      `change ${identifier(old)}`,
      `older workers use ${table.name}.${old}, which is called ${name} behind it`,
    );
  }
}

function ofAddedColumns(table: TableDifference, add: Add): void {
  for (const column of Object.values(table.addedColumns)) {
    if (column.nullable || column.generated || column.autoincrement || column.default != null) continue;
    add(
      `alter column ${identifier(column.name)} drop default`,
      `older workers insert into ${table.name} without ${column.name}, which has no default`,
    );
  }
}

function ofChangedColumns(table: TableDifference, add: Add): void {
  for (const { column, fromColumn, changedProperties } of Object.values(table.changedColumns)) {
    const name = `${table.name}.${column.name}`;
    const whys: string[] = [];
    if (typeChange(fromColumn, column)?.widens === false)
      whys.push(`older workers write ${name} as ${fromColumn.type}`);
    if (fromColumn.nullable && !column.nullable) whys.push(`older workers may write NULL to ${name}`);
    const filled = fromColumn.default != null || fromColumn.autoincrement === true;
    const fills = column.nullable || column.default != null || column.autoincrement || column.generated;
    if (filled && !fills) whys.push(`older workers insert into ${table.name} without ${column.name}`);
    if (changedProperties.has("collation") && isCompared(table, column.name)) {
      whys.push(`older workers compare ${name} otherwise`);
    }
    for (const why of whys) add(`modify ${identifier(column.name)} `, why);
  }
}

function isCompared(table: TableDifference, column: string): boolean {
  const indexes = table.toTable.getIndexes();
  return indexes.some(
    ({ unique, primary, columnNames }) => (unique || primary) && columnNames.includes(column),
  );
}

function ofConstraints(table: TableDifference, add: Add): void {
  for (const index of [...Object.values(table.addedIndexes), ...Object.values(table.changedIndexes)]) {
    if (index.primary) add("add primary key", `older workers find rows of ${table.name} by another key`);
    else if (index.unique) {
      add(index.expression ?? uniqueOf(index), `older workers know nothing of unique index ${index.keyName}`);
    }
  }
  if (table.removedIndexes["PRIMARY"] !== undefined) {
    add("drop primary key", `older workers find rows of ${table.name} by its key`);
  }
  for (const name of Object.keys(table.addedForeignKeys)) {
    add(
      `add constraint ${identifier(name)} foreign key`,
      `older workers know nothing of foreign key ${name}`,
    );
  }
  for (const name of [...Object.keys(table.addedChecks), ...Object.keys(table.changedChecks)]) {
    add(`add constraint ${identifier(name)} check`, `older workers know nothing of check ${name}`);
  }
}

const uniqueOf = ({ keyName }: IndexDef) => `unique ${identifier(keyName)}`;

/** Puts each reason at its statement; at the first one of its table when none says so, so that no reason is lost. */
export function markBreaking(statements: readonly string[], breaking: readonly Breaking[]): MigrationStep[] {
  const whys = new Map<number, string[]>();
  for (const { table, fragment, why } of breaking) {
    const ofTable = (statement: string) => statement.includes(identifier(table));
    const exact = statements.findIndex((one) => ofTable(one) && one.includes(fragment));
    const at = exact >= 0 ? exact : Math.max(statements.findIndex(ofTable), 0);
    whys.set(at, [...(whys.get(at) ?? []), why]);
  }
  return statements.map((sql, at) => ({ sql, breaking: whys.get(at)?.join("; ") }));
}

import type { CheckDef, ForeignKey, IndexDef, SchemaDifference, TableDifference } from "@mikro-orm/mysql";
import { identifier } from "./literal.ts";
import { guard, tableGuard } from "./migration-guard.ts";
import { typeChange } from "./migration-type-change.ts";

/** What a difference needs of the rows that are there. */
export interface Guards {
  /** Statements that come before all others; see `migration-guard.ts`. */
  readonly guards: readonly string[];
  /** Where no statement can tell beforehand. One sentence each. */
  readonly notes: readonly string[];
}

/**
 * Guards for all that existing rows could make fail, or that would change what they hold: types that hold less, new unique
 * indexes and keys, foreign keys and checks. They look at the table as it is before the migration.
 */
export function guardsOf(diff: SchemaDifference): Guards {
  const found: Found = { guards: [], notes: [] };
  for (const table of Object.values(diff.changedTables)) {
    guardTypes(table, found);
    for (const index of [...values(table.addedIndexes), ...values(table.changedIndexes)]) {
      if (index.unique || index.primary) guardUnique(table, index, found);
    }
    for (const key of [...values(table.addedForeignKeys), ...values(table.changedForeignKeys)]) {
      if (refersElsewhere(table, key)) guardForeignKey(diff, table, key, found);
    }
    for (const check of [...values(table.addedChecks), ...values(table.changedChecks)]) {
      guardCheck(table, check, found);
    }
  }
  return found;
}

type Found = { [Member in keyof Guards]: string[] };

const values = <T>(record: Readonly<Record<string, T>>): T[] => Object.values(record);

function guardTypes(table: TableDifference, { guards, notes }: Found): void {
  for (const { column, fromColumn, oldColumnName } of values(table.changedColumns)) {
    const name = `${table.name}.${column.name}`;
    const change = typeChange(fromColumn, column);
    if (change === undefined || change.widens || column.generated) continue;
    if (change.misfit === undefined) {
      notes.push(
        `${name} changes from ${fromColumn.type} to ${column.type}: no guard can tell whether all values fit; look at them first`,
      );
      continue;
    }
    const where = change.misfit(identifier(oldColumnName));
    guards.push(
      tableGuard(table.name, where, `rows whose ${name} does not fit ${typeText(column)} as it is`),
    );
  }
}

const typeText = ({ type, unsigned }: { type: string; unsigned?: boolean }) =>
  `${type}${unsigned && !/unsigned/.test(type) ? " unsigned" : ""}`;

function guardUnique(table: TableDifference, index: IndexDef, { guards, notes }: Found): void {
  const what = index.primary ? "the key" : `unique index ${index.keyName}`;
  const names = index.columnNames;
  const special = index.expression !== undefined || index.columns !== undefined || index.where !== undefined;
  const added = names.filter((name) => table.addedColumns[name] !== undefined);
  const ofRows = added.flatMap((name) => table.addedColumns[name] ?? []);
  if (special || ofRows.some(({ generated }) => generated)) {
    notes.push(`${what} of ${table.name} fails when rows hold a value twice; look for such rows first`);
    return;
  }
  // The rows that are there hold NULL in it, and NULL is unlike any other.
  if (ofRows.some(({ nullable, default: value }) => nullable && value == null) || isCounted(ofRows)) return;
  const old = names.filter((name) => !added.includes(name)).map((name) => oldName(table, name));
  const list = `${table.name} (${names.join(", ")})`;
  const from = identifier(table.name);
  if (old.length === 0) {
    const because = `more than one row would get the same ${list}, and ${what} takes each value once`;
    guards.push(guard(`${from} having count(*) > 1`, because));
    return;
  }
  const columns = old.map(identifier);
  const where = columns.map((column) => `${column} is not null`).join(" and ");
  const twice = `select 1 from ${from} where ${where} group by ${columns.join(", ")} having count(*) > 1`;
  guards.push(
    guard(
      `(${twice}) as twice`,
      `values of ${list} that more than one row holds, and ${what} takes each value once`,
    ),
  );
}

const isCounted = (columns: readonly { autoincrement?: boolean }[]) =>
  columns.some(({ autoincrement }) => autoincrement === true);

/** Only where it points or what it is made of matters to rows; its rules do not. */
function refersElsewhere(table: TableDifference, key: ForeignKey): boolean {
  const before = table.fromTable.getForeignKeys()[key.constraintName];
  const target = (of: ForeignKey) => [of.columnNames, of.referencedTableName, of.referencedColumnNames];
  return before === undefined || JSON.stringify(target(before)) !== JSON.stringify(target(key));
}

function guardForeignKey(
  diff: SchemaDifference,
  table: TableDifference,
  key: ForeignKey,
  { guards, notes }: Found,
): void {
  const { constraintName, columnNames, referencedTableName: parent, referencedColumnNames } = key;
  const list = `${table.name} (${columnNames.join(", ")})`;
  const added = columnNames.flatMap((name) => table.addedColumns[name] ?? []);
  if (added.some(({ nullable, default: value }) => nullable && value == null)) return;
  if (added.length > 0) {
    notes.push(
      `foreign key ${constraintName} fails unless the row of ${parent} that existing rows get in ${list} is there`,
    );
    return;
  }
  const child = (name: string) => `c.${identifier(oldName(table, name))}`;
  const set = columnNames.map((name) => `${child(name)} is not null`).join(" and ");
  const rows = `${identifier(table.name)} as c where ${set}`;
  const because = `rows of ${list} that refer to no row of ${parent}`;
  if (diff.newTables[parent] !== undefined) {
    guards.push(guard(rows, because));
    return;
  }
  const target = diff.changedTables[parent];
  const pairs = referencedColumnNames.map((name, i) => {
    const column = target === undefined ? name : oldName(target, name);
    return `p.${identifier(column)} = ${child(columnNames[i] ?? "")}`;
  });
  const found = `select 1 from ${identifier(parent)} as p where ${pairs.join(" and ")}`;
  guards.push(guard(`${rows} and not exists (${found})`, because));
}

function guardCheck(table: TableDifference, { name, expression }: CheckDef, { guards, notes }: Found): void {
  const words = new Set(String(expression).match(/[\p{L}\p{N}_$]+/gu));
  const renamed = values(table.renamedColumns).map((column) => column.name);
  const changed = [...Object.keys(table.addedColumns), ...renamed];
  if (changed.some((column) => words.has(column))) {
    notes.push(
      `check ${name} is of columns that ${table.name} only gets here: look whether all rows will pass it`,
    );
    return;
  }
  const where = `not (${String(expression)})`;
  guards.push(tableGuard(table.name, where, `rows of ${table.name} that check ${name} refuses`));
}

/** A column's name before this difference. */
function oldName(table: TableDifference, name: string): string {
  const renamed = Object.entries(table.renamedColumns).find(([, column]) => column.name === name);
  return renamed?.[0] ?? name;
}

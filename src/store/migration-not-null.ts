import type {
  ColumnDifference,
  Column as SchemaColumn,
  SchemaDifference,
  TableDifference,
} from "@mikro-orm/mysql";
import { parseSqlType, type SqlTypeName } from "../tables/sql-type.ts";
import { identifier } from "./literal.ts";
import { tableGuard } from "./migration-guard.ts";

/** Statements that surround a difference's own, so that it also works on tables with rows, and what people must know of it. */
export interface RowsKept {
  /** Of a column that becomes NOT NULL: its NULLs are filled first. */
  readonly before: readonly string[];
  /** Of an added NOT NULL column: the default that filled the existing rows is taken away again. */
  readonly after: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Makes a difference safe for tables with rows. MikroORM adds a NOT NULL column without a default as it stands, which the
 * servers refuse for times (error 1292) and fill as they like for the others. Here the column is added with a default,
 * its own or the neutral value of its type, which the existing rows then have; the last statements take that default away.
 * Both are quick on tables of any size, as neither rewrites the rows. Changes `diff`.
 */
export function keepRows(diff: SchemaDifference): RowsKept {
  const kept: Kept = { before: [], after: [], notes: [] };
  for (const table of Object.values(diff.changedTables)) {
    const added = Object.values(table.addedColumns).filter((column) => fillAdded(table, column, kept));
    if (added.length > 0) {
      const drops = added.map(({ name }) => `alter column ${identifier(name)} drop default`);
      kept.after.push(`alter table ${identifier(table.name)} ${drops.join(", ")}`);
    }
    for (const change of Object.values(table.changedColumns)) fillNulls(table, change, kept);
  }
  return kept;
}

type Kept = { [Member in keyof RowsKept]: string[] };

/** True when the column needs a default for as long as it is added. */
function fillAdded(table: TableDifference, column: SchemaColumn, kept: Kept): boolean {
  if (column.nullable || column.generated || column.autoincrement || column.default != null) return false;
  const name = `${table.name}.${column.name}`;
  const value = neutralValue(column.type);
  if (value === undefined) {
    kept.notes.push(`${name} is NOT NULL and its type has no neutral value: give it a default by hand`);
    return false;
  }
  table.addedColumns[column.name] = { ...column, default: value };
  kept.notes.push(`existing rows get ${name} = ${value}; edit the statement if another value is right`);
  return true;
}

function fillNulls(table: TableDifference, change: ColumnDifference, kept: Kept): void {
  const { column, fromColumn } = change;
  if (column.nullable || !fromColumn.nullable || column.generated || column.autoincrement) return;
  const name = `${table.name}.${column.name}`;
  const value = column.default ?? neutralValue(column.type);
  const quoted = identifier(column.name);
  if (value === undefined || column.type !== fromColumn.type) {
    kept.before.push(
      tableGuard(table.name, `${quoted} is null`, `rows without ${name}, which becomes NOT NULL`),
    );
    return;
  }
  kept.before.push(`update ${identifier(table.name)} set ${quoted} = ${value} where ${quoted} is null`);
  kept.notes.push(`rows without ${name} get ${value}; edit the statement if another value is right`);
}

const ZERO = "0";
const EMPTY = "''";
/** TEXT, BLOB and JSON take a default only as an expression, in parentheses. */
const EMPTY_EXPRESSION = "('')";

/** The times are older than any update's, should the column be a version column. */
const NEUTRAL: Readonly<Record<Exclude<SqlTypeName, "enum">, string>> = {
  tinyint: ZERO,
  smallint: ZERO,
  mediumint: ZERO,
  int: ZERO,
  bigint: ZERO,
  decimal: ZERO,
  float: ZERO,
  double: ZERO,
  char: EMPTY,
  varchar: EMPTY,
  binary: EMPTY,
  varbinary: EMPTY,
  tinytext: EMPTY_EXPRESSION,
  text: EMPTY_EXPRESSION,
  mediumtext: EMPTY_EXPRESSION,
  longtext: EMPTY_EXPRESSION,
  tinyblob: EMPTY_EXPRESSION,
  blob: EMPTY_EXPRESSION,
  mediumblob: EMPTY_EXPRESSION,
  longblob: EMPTY_EXPRESSION,
  json: "('{}')",
  date: "'1970-01-01'",
  datetime: "'1970-01-01 00:00:00'",
  timestamp: "'1970-01-01 00:00:01'",
  time: "'00:00:00'",
  year: "1970",
  set: EMPTY,
  bit: ZERO,
};

/** The value of a column's type that says least: zero, empty, the epoch, an enum's first member; undefined for other types. */
function neutralValue(type: string): string | undefined {
  const parsed = parseSqlType(type);
  if (parsed === undefined) return undefined;
  if (parsed.name !== "enum") return NEUTRAL[parsed.name];
  return `'${(parsed.members[0] ?? "").replaceAll("'", "''")}'`;
}

import { DatabaseTable, type MikroORM } from "@mikro-orm/mysql";
import { withDots, withoutDots } from "../tables/dots.ts";
import { identifier } from "./literal.ts";
import {
  addChecks,
  type Expressions,
  expressionDrift,
  readExpressions,
} from "./migration-drift-expressions.ts";
import { foreignKeyDrift, liveForeignKeys } from "./migration-drift-foreign-keys.ts";
import type { Session } from "./migration-session.ts";
import type { DatabaseRow } from "./store.ts";
import { targetSchema } from "./target-schema.ts";

/**
 * In what the live database differs from the definitions so that updates would be judged or stored otherwise: one sentence
 * for each difference. The server itself says how it prints the definitions: each is made as a temporary table, and the two
 * tables' SHOW COLUMNS, SHOW INDEX and SHOW CREATE TABLE are compared, so that no alias and no version's spelling counts as a
 * difference.
 *
 * Not a difference: more nullable or defaulted columns, more plain indexes, other tables, comments, the order of columns, a
 * collation that no definition names (the character set is compared all the same).
 */
export async function liveDrift(session: Session, orm: MikroORM): Promise<string[]> {
  const drift: string[] = [];
  const foreignKeys = await liveForeignKeys(session);
  for (const table of targetSchema(orm).getTables()) {
    const tableName = withDots(table.name);
    const live = await readTable(session, tableName);
    if (live === undefined) {
      drift.push(`table ${tableName} is missing`);
      continue;
    }
    const declared = await printTable(session, orm, table);
    drift.push(...columnDrift(table, declared, live), ...indexDrift(table, declared, live));
    drift.push(...expressionDrift(table, declared.expressions, live.expressions));
    drift.push(...foreignKeyDrift(table, foreignKeys));
  }
  return drift;
}

interface PrintedTable {
  readonly columns: ReadonlyMap<string, DatabaseRow>;
  /** `unique (a, b)` by the index's name. */
  readonly indexes: ReadonlyMap<string, string>;
  readonly expressions: Expressions;
}

/** A temporary table's name; the longest that MySQL takes has 64 characters. */
const PRINTED = "rowpost_check";

async function printTable(session: Session, orm: MikroORM, table: DatabaseTable): Promise<PrintedTable> {
  const copy = new DatabaseTable(orm.em.getPlatform(), PRINTED);
  for (const column of table.getColumns()) copy.addColumn(column);
  copy.setIndexes(table.getIndexes().filter(({ expression }) => expression === undefined));
  const statements = orm.em.getPlatform().getSchemaHelper()?.createTable(copy, true) ?? [];
  await session.rows(`DROP TEMPORARY TABLE IF EXISTS ${PRINTED}`);
  for (const statement of statements) {
    await session.rows(withDots(statement).replace(/^create table/, "create temporary table"));
  }
  await addChecks(session, PRINTED, table);
  const printed = await readTable(session, PRINTED);
  await session.rows(`DROP TEMPORARY TABLE ${PRINTED}`);
  if (printed === undefined) throw new Error(`the server does not show the temporary table ${PRINTED}`);
  return printed;
}

async function readTable(session: Session, name: string): Promise<PrintedTable | undefined> {
  const columns = new Map<string, DatabaseRow>();
  const indexes = new Map<string, string[]>();
  try {
    for (const row of await session.rows(`SHOW FULL COLUMNS FROM ${identifier(name)}`)) {
      columns.set(String(row["Field"]), row);
    }
  } catch (error) {
    if ((error as { errno?: number }).errno === 1146) return undefined;
    throw error;
  }
  for (const row of await session.rows(`SHOW INDEX FROM ${identifier(name)}`)) {
    const key = String(row["Key_name"]);
    const part = `${row["Column_name"]}${row["Sub_part"] == null ? "" : `(${row["Sub_part"]})`}`;
    const unique = Number(row["Non_unique"]) === 0 ? "unique" : "index";
    indexes.set(key, [...(indexes.get(key) ?? [unique]), part]);
  }
  return {
    columns,
    expressions: await readExpressions(session, name),
    indexes: new Map([...indexes].map(([key, [kind, ...parts]]) => [key, `${kind} (${parts.join(", ")})`])),
  };
}

function columnDrift(table: DatabaseTable, declared: PrintedTable, live: PrintedTable): string[] {
  const drift: string[] = [];
  const tableName = withDots(table.name);
  for (const [name, column] of declared.columns) {
    const other = live.columns.get(name);
    const named = table.getColumn(withoutDots(name))?.collation != null;
    const [should, is] = [describe(column, named), other === undefined ? "missing" : describe(other, named)];
    if (should !== is) drift.push(`${tableName}.${name} is ${is}, should be ${should}`);
  }
  for (const [name, column] of live.columns) {
    const fills = column["Null"] === "YES" || column["Default"] !== null || extraOf(column) !== "";
    if (!declared.columns.has(name) && !fills) {
      drift.push(
        `${tableName}.${name} is in no definition, and NOT NULL without a default: no insert can succeed`,
      );
    }
  }
  return drift;
}

/** Of an index whose SQL the definition has in full only that it is there: the copy was made without it. */
function indexDrift(schema: DatabaseTable, declared: PrintedTable, live: PrintedTable): string[] {
  const drift: string[] = [];
  const table = withDots(schema.name);
  const whole = schema.getIndexes().filter(({ expression }) => expression !== undefined);
  const known = new Set(whole.map(({ keyName }) => withDots(keyName)));
  for (const name of known) {
    if (!live.indexes.has(name)) drift.push(`${table}: index ${name} is missing`);
  }
  for (const [name, should] of declared.indexes) {
    const is = live.indexes.get(name) ?? "missing";
    if (should !== is) drift.push(`${table}: index ${name} is ${is}, should be ${should}`);
  }
  for (const [name, is] of live.indexes) {
    if (declared.indexes.has(name) || known.has(name) || !is.startsWith("unique")) continue;
    drift.push(`${table}: ${is.replace("unique", `the unique index ${name} on`)} is in no definition`);
  }
  return drift;
}

/** A column in one line; of the collation only the character set, unless the definition names the collation. */
function describe(column: DatabaseRow, wholeCollation: boolean): string {
  const collation = column["Collation"] == null ? "" : String(column["Collation"]);
  const parts = [
    String(column["Type"]),
    wholeCollation ? collation : collation.split("_")[0],
    column["Null"] === "YES" ? "null" : "not null",
    column["Default"] === null ? "" : `default ${defaultOf(column)}`,
    extraOf(column),
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/**
 * MySQL prints an expression default with the introducer and parentheses of the statement that made it, and escapes it once
 * for a temporary table, twice for another one: without backslashes both read the same. A default of bytes it prints up to the
 * first zero byte, and for a temporary table in another way: only that there is one is compared.
 */
function defaultOf(column: DatabaseRow): string {
  if (/^(var)?binary/.test(String(column["Type"]))) return "of bytes";
  return String(column["Default"])
    .replaceAll("\\", "")
    .replace(/_utf8mb[34](?=')/g, "")
    .replace(/^\((.*)\)$/s, "$1");
}

/** MySQL prints the word NULL for a temporary table's column without any, and no DEFAULT_GENERATED. */
function extraOf(column: DatabaseRow): string {
  const extra = String(column["Extra"] ?? "").replace(/\b(DEFAULT_GENERATED|NULL)\b/gi, "");
  return extra.trim().toLowerCase();
}

import { nameFault } from "../tables/names.ts";
import { identifier, textLiteral } from "./literal.ts";
import { type CreatedColumn, readCreateTable } from "./show-create.ts";
import type { DatabaseRow, Store } from "./store.ts";
import type { ColumnShape, TableShape } from "./table-shape.ts";

/** A table of the database, or one sentence that says why it can't have a definition. */
export type ReadTable =
  | { readonly name: string; readonly shape: TableShape }
  | { readonly name: string; readonly why: string };

type Asked = Pick<Store, "select">;

/** The names of all tables and views of the database, in order, with their types (`BASE TABLE`, `VIEW`, …). */
export async function listTables(store: Asked): Promise<Map<string, string>> {
  const rows = await store.select(
    `SELECT table_name AS name, table_type AS type FROM information_schema.tables
     WHERE table_schema = DATABASE() ORDER BY table_name`,
  );
  return new Map(rows.map(({ name, type }) => [String(name), String(type)]));
}

/** Reads one table, whose type {@link listTables} told. Throws as the driver does. */
export async function readTable(store: Asked, name: string, type: string | undefined): Promise<ReadTable> {
  if (type === undefined) return { name, why: "there is no such table in the database" };
  if (type !== "BASE TABLE") return { name, why: `it is a ${type.toLowerCase()}, and only tables hold rows` };
  const fault = nameFault(name);
  if (fault !== undefined) return { name, why: fault };
  const [about] = await store.select(
    `SELECT table_comment AS comment, engine AS engine FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name = ${textLiteral(name)}`,
  );
  if (about?.["engine"] !== "InnoDB") {
    return { name, why: `its engine is ${about?.["engine"]}, and only InnoDB has transactions` };
  }
  const [statement] = await store.select(`SHOW CREATE TABLE ${identifier(name)}`);
  const { columns, key, ...created } = readCreateTable(String(statement?.["Create Table"]));
  const shown = await store.select(`SHOW FULL COLUMNS FROM ${identifier(name)}`);
  const usual = await usualCollation(store);
  const known = new Map(columns.map((column) => [column.name, column]));
  const shapes = shown.map((row) => columnShape(row, known.get(String(row["Field"])), usual));
  const checks = [...created.checks, ...columnChecks(shapes, known)];
  const shape: TableShape = {
    name,
    comment: String(about["comment"] ?? ""),
    columns: shapes,
    key: key ?? [],
    ...created,
    checks,
  };
  const why = key === undefined ? "it has no primary key of whole columns" : columnFault(shape);
  return why === undefined ? { name, shape } : { name, why };
}

/** The collation that a column of a new table has when nothing is said: migrations make tables in utf8mb4. */
async function usualCollation(store: Asked): Promise<string> {
  const [row] = await store.select("SELECT COLLATION(CONVERT('' USING utf8mb4)) AS usual");
  return String(row?.["usual"]);
}

function columnShape(row: DatabaseRow, created: CreatedColumn | undefined, usual: string): ColumnShape {
  const name = String(row["Field"]);
  if (created === undefined) throw new Error(`SHOW CREATE TABLE tells of no column ${name}`);
  const json = isJson(name, String(row["Type"]), created.check);
  const collation = row["Collation"] == null || json ? undefined : String(row["Collation"]);
  return {
    name,
    type: json ? "json" : String(row["Type"]),
    nullable: row["Null"] === "YES",
    default: created.default,
    autoIncrement: /auto_increment/i.test(String(row["Extra"])),
    generated: created.generated,
    onUpdate: created.onUpdate,
    collation,
    isUsualCollation: collation === usual,
    comment: String(row["Comment"] ?? ""),
    attributes: created.attributes,
  };
}

/** MariaDB keeps JSON as a LONGTEXT with a check of the column's own (MariaDB documentation, "JSON Data Type"). */
function isJson(name: string, type: string, check: string | undefined): boolean {
  return type === "longtext" && check?.toLowerCase() === `json_valid(${identifier(name).toLowerCase()})`;
}

/** MariaDB's checks of single columns bear the column's name. */
function columnChecks(shapes: readonly ColumnShape[], known: ReadonlyMap<string, CreatedColumn>) {
  return shapes.flatMap(({ name, type }) => {
    const check = known.get(name)?.check;
    return check === undefined || type === "json" ? [] : [{ name, expression: check }];
  });
}

function columnFault({ columns, key }: TableShape): string | undefined {
  const folded = new Set(columns.map(({ name }) => name.toLowerCase()));
  if (folded.size !== columns.length) return "two of its columns differ in letter case only";
  for (const { name, autoIncrement, default: given } of columns) {
    const fault = nameFault(name);
    if (fault !== undefined) return `its column ${JSON.stringify(name)} can't be in a definition: ${fault}`;
    if (autoIncrement && key[0] !== name) {
      return `its column ${name} counts itself up and does not begin the primary key`;
    }
    if (given?.kind === "literal" && given.text.includes("\ufffd")) {
      return `its column ${name} has a default of bytes, which this server doesn't print; write its definition by hand`;
    }
    if (given?.kind === "literal" && given.text.startsWith("0000-00-00")) {
      return `its column ${name} has the default ${given.text}, which a server in strict mode refuses; give it another one`;
    }
  }
  return undefined;
}

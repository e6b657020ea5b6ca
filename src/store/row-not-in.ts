import type { Column, TableDefinition } from "../tables/definition.ts";
import { identifier, textLiteral } from "./literal.ts";
import type { Store } from "./store.ts";

/** A column of another table, or of the same one. */
export interface NotIn {
  readonly table: TableDefinition;
  readonly column: Column;
}

/** Can the values of these two columns be the same? The kinds must be, but an integer is an integer of any size. */
export function comparable(a: Column, b: Column): boolean {
  return family(a) === family(b);
}

function family({ kind }: Column): string {
  return kind === "bigint" ? "integer" : kind;
}

/** No definition's name has a space, so this is the name of no table. */
const OTHER = identifier("other rows");

/** MySQL would copy the other table's values first, all of them for a page of a few rows; to MariaDB it is a comment. */
const ONE_BY_ONE = "/*+ SEMIJOIN(FIRSTMATCH) */";

/**
 * A condition for the rows of a table whose key, of one column, is not among the values of the other table's column; its
 * NULLs are no values. Text is the same when its bytes are; the comparison by the other column's collation goes first, as
 * its index is sorted by it.
 */
export async function notInCondition(
  store: Store,
  table: TableDefinition,
  { table: other, column }: NotIn,
): Promise<string> {
  const [key] = table.key;
  if (key === undefined || table.key.length > 1)
    throw new TypeError(`table ${table.name}: its key is not one column`);
  const mine = `${identifier(table.name)}.${identifier(key.name)}`;
  const theirs = `${OTHER}.${identifier(column.name)}`;
  const same = key.kind === "string" || key.kind === "enum";
  const equal = same
    ? `${theirs}=${collated(mine, await collationOf(store, other, column))} AND ${bytes(theirs)}=${bytes(mine)}`
    : `${theirs}=${mine}`;
  const hint = other.indexed.has(column.name) ? `${ONE_BY_ONE} ` : "";
  return `NOT EXISTS (SELECT ${hint}1 FROM ${identifier(other.name)} AS ${OTHER} WHERE ${equal})`;
}

interface Collation {
  readonly charset: string;
  readonly collation: string;
}

/** As the database has it: a definition mostly leaves the collation to the server. Undefined when the column is missing. */
async function collationOf(
  store: Store,
  table: TableDefinition,
  column: Column,
): Promise<Collation | undefined> {
  const [row] = await store.select(
    "SELECT CHARACTER_SET_NAME AS charset,COLLATION_NAME AS collation FROM information_schema.COLUMNS " +
      `WHERE TABLE_SCHEMA=DATABASE() AND TABLE_NAME=${textLiteral(table.name)} AND COLUMN_NAME=${textLiteral(column.name)}`,
  );
  if (typeof row?.["charset"] !== "string" || typeof row["collation"] !== "string") return undefined;
  return { charset: row["charset"], collation: row["collation"] };
}

/** A text column in another one's collation; without that the servers would compare by neither's index. */
function collated(name: string, as: Collation | undefined): string {
  if (as === undefined) return name;
  return `CONVERT(${name} USING ${identifier(as.charset)}) COLLATE ${identifier(as.collation)}`;
}

function bytes(name: string): string {
  return `CAST(CONVERT(${name} USING utf8mb4) AS BINARY)`;
}

/** The MySQL types that a column may have, aliases resolved. */
export const SQL_TYPES = [
  "tinyint",
  "smallint",
  "mediumint",
  "int",
  "bigint",
  "decimal",
  "float",
  "double",
  "char",
  "varchar",
  "tinytext",
  "text",
  "mediumtext",
  "longtext",
  "binary",
  "varbinary",
  "tinyblob",
  "blob",
  "mediumblob",
  "longblob",
  "date",
  "datetime",
  "timestamp",
  "time",
  "year",
  "enum",
  "set",
  "bit",
  "json",
] as const;
export type SqlTypeName = (typeof SQL_TYPES)[number];

/** A column type as MySQL's `CREATE TABLE` grammar has it (MySQL Reference Manual, "Data Types"). */
export interface SqlType {
  readonly name: SqlTypeName;
  /** Length, precision and scale, fraction digits or display width: what stood in the parentheses. */
  readonly sizes: readonly number[];
  /** Of an enum or a set. */
  readonly members: readonly string[];
  readonly unsigned: boolean;
}

const ALIASES: Readonly<Record<string, SqlTypeName | undefined>> = {
  integer: "int",
  int1: "tinyint",
  int2: "smallint",
  int3: "mediumint",
  int4: "int",
  int8: "bigint",
  numeric: "decimal",
  dec: "decimal",
  fixed: "decimal",
  real: "double",
  "double precision": "double",
  character: "char",
  "character varying": "varchar",
};
const NAMES: ReadonlySet<string> = new Set(SQL_TYPES);
const BOOLEAN: SqlType = { name: "tinyint", sizes: [1], members: [], unsigned: false };
const TYPE = /^([a-z]\w*(?: precision| varying)?)\s*(?:\((.*)\))?\s*(unsigned|signed)?(?:\s+zerofill)?$/is;
const MEMBER = /\s*'((?:[^'\\]|''|\\.)*)'\s*(?:,|$)/gsy;

/** Reads a type such as `bigint unsigned`, `numeric(65,30)` or `enum('a','b')`; undefined when it is none of ours. */
export function parseSqlType(text: string): SqlType | undefined {
  const match = TYPE.exec(text.trim());
  if (match === null) {
    return undefined;
  }
  const alias = (match[1] ?? "").toLowerCase().replace(/\s+/g, " ");
  if (alias === "boolean" || alias === "bool") {
    return BOOLEAN;
  }
  const name = ALIASES[alias] ?? alias;
  if (!isSqlType(name)) {
    return undefined;
  }
  const unsigned = match[3]?.toLowerCase() === "unsigned" || /\szerofill$/i.test(text.trim()); // which implies it
  const listed = name === "enum" || name === "set";
  const members = listed ? parseMembers(match[2] ?? "") : [];
  const sizes = listed ? [] : parseSizes(match[2]);
  return sizes === undefined || members === undefined ? undefined : { name, sizes, members, unsigned };
}

/** The type as people write it, aliases resolved: the inverse of {@link parseSqlType}. */
export function printSqlType(type: SqlType): string {
  const inside =
    type.name === "enum" || type.name === "set"
      ? type.members.map((member) => `'${member.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`).join(",")
      : type.sizes.join(",");
  return type.name + (inside === "" ? "" : `(${inside})`) + (type.unsigned ? " unsigned" : "");
}

function isSqlType(name: string): name is SqlTypeName {
  return NAMES.has(name);
}

function parseSizes(inside: string | undefined): number[] | undefined {
  if (inside === undefined) {
    return [];
  }
  const sizes = inside.split(",").map((size) => (/^\s*\d{1,10}\s*$/.test(size) ? Number(size) : Number.NaN));
  return sizes.some(Number.isNaN) ? undefined : sizes;
}

function parseMembers(inside: string): string[] | undefined {
  const members: string[] = [];
  let end = 0;
  MEMBER.lastIndex = 0;
  for (let match = MEMBER.exec(inside); match !== null; match = MEMBER.exec(inside)) {
    members.push(
      (match[1] ?? "").replace(/''|\\(.)/gs, (pair, escaped: string | undefined) => escaped ?? pair[0] ?? ""),
    );
    end = MEMBER.lastIndex;
    if (end === inside.length) {
      break;
    }
  }
  return end === inside.length && members.length > 0 ? members : undefined;
}

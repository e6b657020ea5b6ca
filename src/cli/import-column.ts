import { timestamp } from "../store/show-create.ts";
import type { ColumnShape, DefaultShape } from "../store/table-shape.ts";
import { kindOf } from "../tables/kind-of.ts";
import { parseSqlType, type SqlType, type SqlTypeName } from "../tables/sql-type.ts";
import { Chain, type Source } from "./import-source.ts";

type Call = Chain["calls"][number];

/** What a column's place in the table asks of its builder. */
export interface ColumnPlace {
  readonly isKey: boolean;
  /** The only column of the key. */
  readonly isWholeKey: boolean;
}

/** Why updates can neither write nor read a column of this type, or undefined. */
export function opaqueReason({ type }: ColumnShape): string | undefined {
  const parsed = parseSqlType(type);
  if (parsed === undefined) return `no update can hold a ${type}`;
  const kind = kindOf(parsed);
  return typeof kind === "string" ? `${type} ${kind}` : undefined;
}

/** The builder of a column, as a person would write it where MikroORM has a word for it. */
export function columnBuilder(column: ColumnShape, place: ColumnPlace): Chain {
  const type = opaqueReason(column) === undefined ? parseSqlType(column.type) : undefined;
  const calls = type === undefined ? [call("type", column.type)] : typeCalls(column, type, place);
  const { generated, onUpdate } = column;
  const { collation } = column;
  if (collation !== undefined && generated === undefined && !isUsual(column, place)) {
    calls.push(call("collation", collation));
  }
  if (generated !== undefined) {
    calls.push(call("generated", `(${generated.expression}) ${generated.stored ? "stored" : "virtual"}`));
  } else if (column.nullable) calls.push(call("nullable"));
  if (column.default !== undefined && generated === undefined) {
    calls.push(defaultCall(column.default, type));
  }
  const attributes = onUpdate === undefined ? [] : [`on update ${timestamp(onUpdate)}`];
  const extra = [...attributes, ...column.attributes].join(" ");
  if (extra !== "") calls.push(call("extra", extra));
  if (column.comment !== "") calls.push(call("comment", column.comment));
  return new Chain("p", calls);
}

function call(name: string, ...args: Source[]): Call {
  return { name, args };
}

/** The definition gives it this collation by itself; the text of a key gets a binary one. */
function isUsual({ collation, isUsualCollation, type }: ColumnShape, { isKey }: ColumnPlace): boolean {
  return isKey && /^(var)?char\(/.test(type) ? collation === "utf8mb4_bin" : isUsualCollation;
}

/** Display widths that MariaDB prints when none was given: signed, unsigned. */
const WIDTHS: Partial<Record<SqlTypeName, readonly [number, number]>> = {
  tinyint: [4, 3],
  smallint: [6, 5],
  mediumint: [9, 8],
  int: [11, 10],
  bigint: [20, 20],
};

const INTEGERS: Partial<Record<SqlTypeName, string>> = {
  tinyint: "tinyint",
  smallint: "smallint",
  mediumint: "mediumint",
  int: "integer",
  bigint: "bigint",
};

function typeCalls(column: ColumnShape, type: SqlType, place: ColumnPlace): Call[] {
  const [first, second] = type.sizes;
  const integer = INTEGERS[type.name];
  if (integer !== undefined) return integerCalls(column, type, integer, place);
  switch (type.name) {
    case "decimal":
      return [
        call("decimal"),
        call("precision", first ?? 10),
        call("scale", second ?? 0),
        ...(type.unsigned ? [call("unsigned")] : place.isKey ? [call("unsigned", false)] : []),
      ];
    case "char":
      return [call("character"), call("length", first ?? 1)];
    case "varchar":
      return [call("string"), call("length", first ?? 1)];
    case "enum":
      return [call("enum", type.members)];
    case "datetime":
      return first === undefined ? [call("datetime")] : [call("datetime", first)];
    case "text":
    case "blob":
    case "date":
    case "json":
      return [call(type.name)];
    case "time":
      return first === undefined ? [call("time")] : [call("type", column.type)];
    case "float":
    case "double":
      return type.unsigned || first !== undefined ? [call("type", column.type)] : [call(type.name)];
    case "year":
      return [call("type", "year")];
    default:
      return [call("type", column.type)];
  }
}

function integerCalls(
  { type: written, autoIncrement }: ColumnShape,
  { name, sizes: [width], unsigned }: SqlType,
  builder: string,
  { isKey, isWholeKey }: ColumnPlace,
): Call[] {
  const counts = autoIncrement ? [call("autoincrement")] : isWholeKey ? [call("autoincrement", false)] : [];
  const usual = WIDTHS[name]?.[unsigned ? 1 : 0];
  if (written === "tinyint(1)" && !isKey) return [call("boolean"), ...counts];
  if (/zerofill/i.test(written) || (width !== undefined && width !== usual)) {
    return [call(builder), call("columnType", written), ...counts];
  }
  // MikroORM takes a number of the key for unsigned
  const sign = unsigned ? [call("unsigned")] : isKey ? [call("unsigned", false)] : [];
  return [call(builder), ...sign, ...counts];
}

function defaultCall(given: DefaultShape, type: SqlType | undefined): Call {
  if (given.kind === "expression") return call("defaultRaw", given.sql);
  const { text } = given;
  const raw = call("defaultRaw", literal(text));
  switch (type?.name) {
    case "tinyint":
      if (type.sizes[0] !== 1 || type.unsigned) return call("default", Number(text));
      return text === "0" || text === "1" ? call("default", text === "1") : raw;
    case "smallint":
    case "mediumint":
    case "int":
    case "year":
      return call("default", Number(text));
    case "bigint":
    case "decimal":
      return call("default", text);
    case "float":
    case "double":
      return call("default", Number(text));
    case "json":
      return call("defaultRaw", `(${literal(text)})`);
    case "binary":
    case "varbinary":
      return call("defaultRaw", `0x${Buffer.from(text, "latin1").toString("hex").toUpperCase()}`);
    case undefined:
      return raw;
    default:
      return call("default", text);
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

import type { Column as SchemaColumn } from "@mikro-orm/mysql";
import { parseSqlType, type SqlType, type SqlTypeName } from "../tables/sql-type.ts";

/** What the change of a column's type means for the rows, and for programs that know the old type only. */
export interface TypeChange {
  /** Every value of the old type is one of the new type, and reads the same. */
  readonly widens: boolean;
  /**
   * SQL that is true for values which the new type cannot hold as they are; undefined: it cannot be said in SQL. `column` is an
   * SQL identifier.
   */
  readonly misfit: ((column: string) => string) | undefined;
}

/** The column's type as MySQL understands it; undefined: it is none of ours. */
export function columnType(column: SchemaColumn): SqlType | undefined {
  const type = parseSqlType(column.type);
  return type && { ...type, unsigned: type.unsigned || column.unsigned === true };
}

/** undefined: the type stays as it is. */
export function typeChange(from: SchemaColumn, to: SchemaColumn): TypeChange | undefined {
  const [a, b] = [columnType(from), columnType(to)];
  if (a === undefined || b === undefined) return from.type === to.type ? undefined : UNKNOWN;
  if (JSON.stringify(a) === JSON.stringify(b)) return undefined;
  const compare = RULES.find(([name]) => name.has(a.name) && name.has(b.name))?.[1];
  const tests = compare?.(a, b);
  if (tests === undefined) return UNKNOWN;
  if (tests.length === 0) return { widens: true, misfit: undefined };
  return { widens: false, misfit: (column) => tests.map((test) => test(column)).join(" or ") };
}

const UNKNOWN: TypeChange = { widens: false, misfit: undefined };

type Test = (column: string) => string;

/** The tests that find misfits: none when every value fits; undefined when that cannot be said. */
type Rule = (from: SqlType, to: SqlType) => Test[] | undefined;

const NUMBERS = ["tinyint", "smallint", "mediumint", "int", "bigint", "decimal"] as const;
const INTEGER_BITS: Partial<Record<SqlTypeName, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
};
/** Bytes; CHAR and VARCHAR count characters instead. */
const LONGEST: Partial<Record<SqlTypeName, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  longtext: 4_294_967_295,
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 16_777_215,
  longblob: 4_294_967_295,
};

const of = (...names: SqlTypeName[]): ReadonlySet<SqlTypeName> => new Set(names);

const RULES: readonly (readonly [ReadonlySet<SqlTypeName>, Rule])[] = [
  [of(...NUMBERS), numbers],
  [of("float", "double"), (from) => (from.name === "float" ? [] : undefined)],
  [of("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), texts],
  [of("varbinary", "tinyblob", "blob", "mediumblob", "longblob"), bytes],
  [of("datetime", "timestamp"), times],
  [of("time"), times],
  [of("enum"), members],
  [of("set"), (from, to) => (from.members.every((member) => to.members.includes(member)) ? [] : undefined)],
  [of("bit"), bits],
];

/** Of integers also the kind counts: a program that knows an integer does not know fractions. */
function numbers(from: SqlType, to: SqlType): Test[] | undefined {
  const [a, b] = [rangeOf(from), rangeOf(to)];
  const tests: Test[] = [];
  if (a.scale > b.scale) tests.push((column) => `${column} <> round(${column}, ${b.scale})`);
  if (a.min < b.min) tests.push((column) => `${column} < ${digits(b.min)}`);
  if (a.max > b.max) tests.push((column) => `${column} > ${digits(b.max)}`);
  const sameKind = (from.name === "decimal") === (to.name === "decimal");
  return tests.length > 0 || sameKind ? tests : undefined;
}

/** Bounds in units of 10^-30, the smallest that a DECIMAL can hold. */
function rangeOf(type: SqlType): { readonly min: bigint; readonly max: bigint; readonly scale: number } {
  const bits = INTEGER_BITS[type.name];
  const unit = 10n ** 30n;
  if (bits !== undefined) {
    const half = 2n ** BigInt(bits - 1);
    const [min, max] = type.unsigned ? [0n, half * 2n - 1n] : [-half, half - 1n];
    return { min: min * unit, max: max * unit, scale: 0 };
  }
  const [precision = 10, scale = 0] = type.sizes;
  const max = (10n ** BigInt(precision) - 1n) * 10n ** BigInt(30 - scale);
  return { min: type.unsigned ? 0n : -max, max, scale };
}

function digits(units: bigint): string {
  const text = (units < 0n ? -units : units).toString().padStart(31, "0");
  const fraction = text.slice(-30).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${text.slice(0, -30)}${fraction === "" ? "" : `.${fraction}`}`;
}

function texts(from: SqlType, to: SqlType): Test[] | undefined {
  const most = LONGEST[to.name];
  const inCharacters = LONGEST[from.name] === undefined;
  const [length = 1] = to.sizes;
  const [fromLength = 1] = from.sizes;
  if (most !== undefined) {
    // A character of utf8mb4 has 4 bytes at the most.
    const fits = inCharacters ? fromLength * 4 <= most : (LONGEST[from.name] ?? 0) <= most;
    return fits ? [] : [(column) => `length(${column}) > ${most}`];
  }
  if (!inCharacters || fromLength > length) return [(column) => `char_length(${column}) > ${length}`];
  // CHAR gives spaces at the end away.
  return to.name === "char" && from.name !== "char" ? [(column) => `${column} like '% '`] : [];
}

function bytes(from: SqlType, to: SqlType): Test[] {
  const longest = (type: SqlType) => LONGEST[type.name] ?? type.sizes[0] ?? 1;
  const most = longest(to);
  return longest(from) <= most ? [] : [(column) => `length(${column}) > ${most}`];
}

/** DATETIME and TIMESTAMP, or TIME: the digits of the fraction, and the years that TIMESTAMP has. */
function times(from: SqlType, to: SqlType): Test[] {
  const tests: Test[] = [];
  const [before = 0] = from.sizes;
  const [after = 0] = to.sizes;
  if (before > after) tests.push((column) => `microsecond(${column}) % ${10 ** (6 - after)} <> 0`);
  if (from.name === "datetime" && to.name === "timestamp") {
    tests.push((column) => `${column} not between '1970-01-01 00:00:01' and '2038-01-19 03:14:07'`);
  }
  return tests;
}

function members(from: SqlType, to: SqlType): Test[] {
  if (from.members.every((member) => to.members.includes(member))) return [];
  const list = to.members.map((member) => `'${member.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`);
  return [(column) => `${column} not in (${list.join(", ")})`];
}

function bits(from: SqlType, to: SqlType): Test[] {
  const [before = 1] = from.sizes;
  const [after = 1] = to.sizes;
  return before <= after ? [] : [(column) => `${column} + 0 >= ${2n ** BigInt(after)}`];
}

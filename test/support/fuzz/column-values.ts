import fc from "fast-check";
import type { Column } from "../../../src/tables/definition.ts";
import { parseSqlType } from "../../../src/tables/sql-type.ts";
import { Digits, Members, type Tree } from "./json-tree.ts";

const BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};
const BYTES: Readonly<Record<string, number>> = { tinytext: 255, tinyblob: 255 };
/** Characters or bytes of a value: more would only take time. */
const LONG = 60;

/** Values that the column takes, in all spellings of the wire; null where it may be. */
export function columnValue(column: Column): fc.Arbitrary<Tree> {
  const value = presentValue(column);
  return column.nullable ? fc.oneof({ weight: 5, arbitrary: value }, fc.constant(null)) : value;
}

function presentValue({ kind, sqlType }: Column): fc.Arbitrary<Tree> {
  const type = parseSqlType(sqlType);
  const [first, second = 0] = type?.sizes ?? [];
  switch (kind) {
    case "integer":
    case "bigint":
      return written(type?.name === "bit" ? bits(first ?? 1) : integer(type?.name ?? "", type?.unsigned));
    case "decimal":
      return written(decimal(first ?? 10, second, type?.unsigned ?? false));
    case "float":
      return float(type?.unsigned ?? false, 3.4028234663852886e38);
    case "double":
      return float(type?.unsigned ?? false, Number.MAX_VALUE);
    case "boolean":
      return fc.constantFrom<Tree>(true, false, new Digits("1"), new Digits("0"), new Digits("1.0"));
    case "string":
      return text(first ?? BYTES[type?.name ?? ""] ?? LONG);
    case "binary":
      return bytes(first ?? BYTES[type?.name ?? ""] ?? LONG);
    case "json":
      return STORABLE;
    case "enum":
      return fc.constantFrom(...(type?.members ?? []));
    case "set":
      return fc.subarray([...(type?.members ?? [])]).map((some) => some.join(","));
    default:
      return temporal(kind, type?.name === "timestamp", first ?? 0);
  }
}

/** What `add` takes, small enough that sums mostly fit; undefined for a column that takes nothing. */
export function columnDelta(column: Column): fc.Arbitrary<Tree> | undefined {
  if (column.delta === undefined) return undefined;
  const { kind, sqlType } = column;
  if (kind === "float" || kind === "double") return fc.integer({ min: -99, max: 99 }).map(digits);
  const near = fc.integer({ min: -9, max: 9 }).map(String);
  const [precision = 10, scale = 0] = parseSqlType(sqlType)?.sizes ?? [];
  const far = kind === "decimal" ? decimal(precision, scale, false) : fc.bigInt(-255n, 255n).map(String);
  return written(fc.oneof(near, far));
}

const digits = (number: number): Tree => new Digits(JSON.stringify(number));

/** Digits as a JSON number or as a text. */
function written(plain: fc.Arbitrary<string>): fc.Arbitrary<Tree> {
  return fc.tuple(plain, fc.boolean()).map(([of, asText]) => (asText ? of : new Digits(of)));
}

function integer(name: string, unsigned = false): fc.Arbitrary<string> {
  const width = BITS[name] ?? 64n;
  const min = unsigned ? 0n : -(1n << (width - 1n));
  const max = unsigned ? (1n << width) - 1n : (1n << (width - 1n)) - 1n;
  const small = fc.bigInt(unsigned ? 0n : -20n, 20n);
  return fc.oneof(fc.bigInt(min, max), fc.constantFrom(min, max), small).map(String);
}

function bits(width: number): fc.Arbitrary<string> {
  return fc.bigInt(0n, (1n << BigInt(width)) - 1n).map(String);
}

function decimal(precision: number, scale: number, unsigned: boolean): fc.Arbitrary<string> {
  const most = 10n ** BigInt(precision) - 1n;
  const near = fc.bigInt(unsigned ? 0n : -500n, 500n);
  return fc.oneof(fc.bigInt(unsigned ? 0n : -most, most), near).map((scaled) => pointed(scaled, scale));
}

function pointed(scaled: bigint, scale: number): string {
  const all = String(scaled < 0n ? -scaled : scaled).padStart(scale + 1, "0");
  const whole = all.slice(0, all.length - scale);
  return `${scaled < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${all.slice(all.length - scale)}`}`;
}

function float(unsigned: boolean, most: number): fc.Arbitrary<Tree> {
  const range = { noNaN: true, noDefaultInfinity: true, max: most, min: unsigned ? 0 : -most };
  return fc.oneof(fc.double(range), fc.integer({ min: 0, max: 99 })).map(digits);
}

function text(length: number): fc.Arbitrary<string> {
  const most = Math.min(length, LONG) >> 2;
  const any = fc.string({ unit: "binary", maxLength: most }).map((some) => some.toWellFormed());
  return fc
    .oneof(
      any,
      fc.constantFrom("", "a", "A", "é", "😀", "__proto__", "null", "1", "'; --", "\\", '"', "\u0000"),
    )
    .filter((some) => !some.endsWith(" ") && some.length <= length);
}

function bytes(length: number): fc.Arbitrary<string> {
  const most = Math.min(length, LONG);
  return fc.uint8Array({ maxLength: most }).map((some) => Buffer.from(some).toString("base64"));
}

function temporal(kind: Column["kind"], unix: boolean, precision: number): fc.Arbitrary<Tree> {
  const fraction = fc.nat(10 ** precision - 1).map((n) => String(n).padStart(precision, "0"));
  const part = precision === 0 ? fc.constantFrom("", ".0") : fraction.map((some) => `.${some}`);
  if (kind === "year") return written(fc.integer({ min: 1901, max: 2155 }).map(String));
  if (kind === "time") return fc.tuple(clock(), part).map(([some, more]) => some + more);
  const [min, max] = unix ? ["1971-01-01", "2037-12-31"] : ["1001-01-01", "9998-12-31"];
  const day = fc.date({ min: new Date(min), max: new Date(max), noInvalidDate: true });
  if (kind === "date") return day.map((some) => some.toISOString().slice(0, 10));
  const zone = fc.constantFrom("", "Z", "z", "+00:00", "-23:59", "+05:30");
  return fc.tuple(day, fc.constantFrom("T", " ", "t"), part, zone).map(([some, between, more, offset]) => {
    const iso = some.toISOString();
    return `${iso.slice(0, 10)}${between}${iso.slice(11, 19)}${more}${offset}`;
  });
}

function clock(): fc.Arbitrary<string> {
  const two = fc.nat(59).map((n) => String(n).padStart(2, "0"));
  const hours = fc.nat(837).map((n) => String(n).padStart(2, "0"));
  return fc
    .tuple(fc.constantFrom("", "-", "+"), hours, two, two)
    .map(([sign, h, m, s]) => `${sign}${h}:${m}:${s}`);
}

/** Numbers of every size and length, as JSON writes them. */
export function anyNumber(): fc.Arbitrary<string> {
  const exponent = fc
    .oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -400, max: 400 }))
    .map(String);
  const power = fc.oneof(fc.constant(""), fc.tuple(fc.constantFrom("e", "E", "e+"), exponent).map(joined));
  const fraction = fc.oneof(fc.constant(""), fc.stringMatching(/^\.[0-9]{1,30}$/));
  const long = fc.tuple(
    fc.constantFrom("", "-"),
    fc.stringMatching(/^(0|[1-9][0-9]{0,33})$/),
    fraction,
    power,
  );
  return fc.oneof(
    fc.integer({ min: -99, max: 99 }).map(String),
    fc.constantFrom("9007199254740993", "18446744073709551615", "-9223372036854775808", "0.1", "-0", "1e400"),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((some) => JSON.stringify(some)),
    long.map(joined).map((some) => some.replace("e+-", "e-")),
  );
}

const joined = (parts: readonly string[]) => parts.join("");

/** Names that mean something to JavaScript, to JSON pointers or to updates, and any others. */
export function anyName(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "a/b",
      "~",
      "~1",
      "",
      "0",
      "\u0000",
      "n".repeat(900),
    ),
    fc.constantFrom("table", "op", "key", "set", "add", "expect", "changes", "data", "specversion", "id"),
    fc.string({ unit: "binary", maxLength: 6 }).map((some) => some.toWellFormed()),
  );
}

/** Any JSON value of a few levels, without two members of one name in an object. */
export function anyTree(number: fc.Arbitrary<string> = anyNumber()): fc.Arbitrary<Tree> {
  const scalar = fc.oneof(
    number.map((some) => new Digits(some) as Tree),
    text(LONG),
    fc.constantFrom<Tree>(null, true, false),
  );
  return fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      scalar,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc
        .uniqueArray(fc.tuple(anyName(), tie("tree")), { maxLength: 3, selector: ([name]) => name })
        .map((list) => new Members(list)),
    ),
  })).tree;
}

/** What a JSON column takes: numbers that a double holds, or of 65 digits and 30 of them after the point. */
const STORABLE: fc.Arbitrary<Tree> = anyTree(
  fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((some) => JSON.stringify(some)),
    fc.stringMatching(/^-?(0|[1-9][0-9]{0,34})(\.[0-9]{1,30})?$/),
    fc.constantFrom("18446744073709551615", "1.50", "-0", "1e2", "12E+3"),
  ),
).filter((tree) => tree !== null);

import { binaryKind } from "./kinds/binary.ts";
import { bitKind } from "./kinds/bit.ts";
import { booleanKind } from "./kinds/boolean.ts";
import { dateKind, datetimeKind } from "./kinds/datetime.ts";
import { decimalKind } from "./kinds/decimal.ts";
import { enumKind } from "./kinds/enum.ts";
import { floatKind } from "./kinds/float.ts";
import { integerKind } from "./kinds/integer.ts";
import { jsonKind } from "./kinds/json.ts";
import type { Kind } from "./kinds/kind.ts";
import { setKind } from "./kinds/set.ts";
import { charKind, textKind } from "./kinds/string.ts";
import { timeKind, yearKind } from "./kinds/time.ts";
import type { SqlType } from "./sql-type.ts";

/** Lengths in bytes: MySQL Reference Manual, "Data Type Storage Requirements". */
const TINY = 2 ** 8 - 1;
const NORMAL = 2 ** 16 - 1;
const MEDIUM = 2 ** 24 - 1;
const LONG = 2 ** 32 - 1;
const CHAR_MOST = 255;
const VARCHAR_MOST = 16_383;
const VARBINARY_MOST = 65_535;
const MICROSECONDS = 6;
const BIT_MOST = 64;
const SET_MOST = 64;

/** The kind of a column type, or one sentence that says why there is none. */
export function kindOf(type: SqlType): Kind | string {
  const [first, second] = type.sizes;
  switch (type.name) {
    case "tinyint":
      return first === 1 && !type.unsigned ? booleanKind() : integerKind(type.name, type.unsigned);
    case "smallint":
    case "mediumint":
    case "int":
    case "bigint":
      return integerKind(type.name, type.unsigned);
    case "decimal":
      return decimal(first ?? 10, second ?? 0, type.unsigned);
    case "float":
    case "double":
      return float(type);
    case "char":
      return sized(first ?? 1, CHAR_MOST, (length) => charKind(length, true));
    case "varchar":
      return sized(first, VARCHAR_MOST, (length) => charKind(length, false));
    case "binary":
      return sized(first ?? 1, CHAR_MOST, (length) => binaryKind(length, true));
    case "varbinary":
      return sized(first, VARBINARY_MOST, (length) => binaryKind(length, false));
    case "enum":
      return enumeration(type.members);
    case "set":
      return set(type.members);
    case "bit":
      return sized(first ?? 1, BIT_MOST, bitKind);
    default:
      return unsized(type.name, first);
  }
}

function unsized(name: Exclude<SqlType["name"], "tinyint">, first: number | undefined): Kind | string {
  switch (name) {
    case "tinytext":
      return textKind(TINY);
    case "text":
      return textKind(NORMAL);
    case "mediumtext":
      return textKind(MEDIUM);
    case "longtext":
      return textKind(LONG);
    case "tinyblob":
      return binaryKind(TINY, false);
    case "blob":
      return binaryKind(NORMAL, false);
    case "mediumblob":
      return binaryKind(MEDIUM, false);
    case "longblob":
      return binaryKind(LONG, false);
    case "json":
      return jsonKind();
    case "date":
      return dateKind();
    case "year":
      return yearKind();
    default:
      return temporal(name, first ?? 0);
  }
}

function temporal(name: SqlType["name"], precision: number): Kind | string {
  if (precision > MICROSECONDS) {
    return `has ${precision} fraction digits; MySQL keeps ${MICROSECONDS}`;
  }
  return name === "time" ? timeKind(precision) : datetimeKind(precision, name === "timestamp");
}

function decimal(precision: number, scale: number, unsigned: boolean): Kind | string {
  if (precision < 1 || precision > 65 || scale > 30 || scale > precision) {
    return "must have 1 to 65 digits, at most 30 of them and no more than all after the point";
  }
  return decimalKind(precision, scale, unsigned);
}

function float(type: SqlType): Kind | string {
  const [precision, digits] = type.sizes;
  if (digits !== undefined) {
    return "rounds to a number of digits: use decimal";
  }
  return floatKind(type.name === "float" && (precision ?? 0) <= 24, type.unsigned);
}

function sized(length: number | undefined, most: number, make: (length: number) => Kind): Kind | string {
  return length === undefined || length < 1 || length > most
    ? `needs a length from 1 to ${most}`
    : make(length);
}

function enumeration(members: readonly string[]): Kind | string {
  return sameMembers(members) ?? enumKind(members);
}

function set(members: readonly string[]): Kind | string {
  if (members.length > SET_MOST || members.some((member) => member === "" || member.includes(","))) {
    return `takes 1 to ${SET_MOST} members, none of them empty or with a comma in it`;
  }
  return sameMembers(members) ?? setKind(members);
}

/** MySQL drops trailing spaces of members and tells them apart by collation, so such members can't be meant. */
function sameMembers(members: readonly string[]): string | undefined {
  const folded = new Set(members.map((member) => member.toLowerCase()));
  return folded.size !== members.length || members.some((member) => member.endsWith(" "))
    ? "has members that MySQL takes for the same: they differ only in case or trailing spaces"
    : undefined;
}

import type { TableOptions } from "./define-table.ts";
import { DOT } from "./dots.ts";

/**
 * What MySQL takes in quotes (MySQL Reference Manual, "Schema Object Names"): 1 to 64 characters of the Basic Multilingual
 * Plane, not U+0000, the last one no space. All SQL that rowpost writes has its names in quotes.
 */
const NAME = /^(?!.* $)[\u0001-\ud7ff\ue000-\uffff]{1,64}$/su;
/** Names that mean something on every JavaScript object, so that a member of this name can't be told from none. */
const RESERVED: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), "prototype"]);

/** Why a table, column or index can't have this name, or undefined. */
export function nameFault(name: string): string | undefined {
  if (RESERVED.has(name)) return "the name is reserved in JavaScript, rename it";
  if (name.includes(DOT)) return "U+E02E is a character that rowpost keeps for itself";
  return NAME.test(name)
    ? undefined
    : "MySQL takes 1 to 64 characters, none of them U+0000 or beyond U+FFFF, and no space at the end";
}

/** Throws a TypeError when a table, column, key, version, rule or index is not named as it must be. */
export function checkNames(options: TableOptions, key: readonly string[]): void {
  const table = `table ${options.name}`;
  const fault = options.name === "*" ? "it stands for all tables in policies" : nameFault(options.name);
  if (fault !== undefined) {
    throw new TypeError(`${table}: ${JSON.stringify(options.name)} can't be its name: ${fault}`);
  }
  const columns = Object.keys(options.columns);
  columns.forEach((column) => checkColumnName(table, column));
  const folded = new Set(columns.map((column) => column.toLowerCase()));
  if (folded.size !== columns.length) {
    throw new TypeError(`${table}: two columns differ in letter case only, which MySQL doesn't tell apart`);
  }
  if (key.length === 0) {
    throw new TypeError(`${table}: the key has no columns`);
  }
  if (new Set(key).size !== key.length) {
    throw new TypeError(`${table}: the key names a column twice`);
  }
  for (const [role, names] of Object.entries(references(options, key))) {
    const missing = names.find((name) => !Object.hasOwn(options.columns, name));
    if (missing !== undefined) {
      throw new TypeError(
        `${table}: ${role} names the column ${JSON.stringify(missing)}, which it doesn't have`,
      );
    }
  }
}

function checkColumnName(table: string, column: string): void {
  const fault = nameFault(column);
  if (fault !== undefined) {
    throw new TypeError(`${table}, column ${JSON.stringify(column)}: ${fault}`);
  }
}

/** Every place of a definition that names columns. */
function references(options: TableOptions, key: readonly string[]): Record<string, readonly string[]> {
  const indexed = [...(options.indexes ?? []), ...(options.uniques ?? [])];
  return {
    key,
    version: options.version === undefined ? [] : [options.version],
    rules: Object.keys(options.rules ?? {}),
    readOnly: options.readOnly ?? [],
    opaque: options.opaque ?? [],
    "an index": indexed.flatMap((index) => index.properties ?? []),
    "a foreign key": (options.foreignKeys ?? []).flatMap(({ columns: own }) => own),
  };
}

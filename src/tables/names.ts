import type { TableOptions } from "./define-table.ts";

/** What MySQL takes without quotes (MySQL Reference Manual, "Schema Object Names"), at most 64 characters. */
const NAME = /^(?!\d+$)[0-9A-Za-z$_\u0080-\uffff]{1,64}$/;
/** Names that mean something on every JavaScript object, so that a member of this name can't be told from none. */
const RESERVED: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), "prototype"]);

/** Throws a TypeError when a table, column, key, version, rule or index is not named as it must be. */
export function checkNames(options: TableOptions, key: readonly string[]): void {
  const table = `table ${options.name}`;
  if (!NAME.test(options.name)) {
    throw new TypeError(
      `${table}: ${JSON.stringify(options.name)} is not a table name that MySQL takes unquoted`,
    );
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
  if (RESERVED.has(column)) {
    throw new TypeError(`${table}, column ${column}: the name is reserved in JavaScript, rename the column`);
  }
  if (!NAME.test(column)) {
    throw new TypeError(`${table}, column ${JSON.stringify(column)}: not a name that MySQL takes unquoted`);
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
    "an index": indexed.flatMap((index) => index.properties ?? []),
  };
}

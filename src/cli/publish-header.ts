import { nearest } from "../messages/nearest.ts";
import type { JsonLimits } from "../messages/parse-json.ts";
import { listOf, quote } from "../messages/quote.ts";
import type { Operation, TableDefinition } from "../tables/definition.ts";
import { CliError } from "./context.ts";
import { type CsvColumn, tableColumn, textColumn } from "./publish-cells.ts";

/** What a CSV file's header is checked against. */
export interface HeaderRules {
  /** The file, for messages. */
  readonly file: string;
  readonly table: TableDefinition;
  readonly op: Operation;
  /** The column with the idempotency keys, which no table needs to have, and whether the file must have it. */
  readonly keyColumn: { readonly name: string; readonly required: boolean } | undefined;
  /** The text that means NULL. */
  readonly nullText: string | undefined;
  readonly limits: JsonLimits;
}

/**
 * The columns that a header names, in its order; blanks around a name don't count. Throws a CliError (wrong use) for a
 * header by which no row could be sent: a column without a name, named twice, unknown, or not to be written, or a missing
 * key.
 */
export function headerColumns(header: readonly string[], rules: HeaderRules): CsvColumn[] {
  const names = header.map((name) => name.trim());
  const fault =
    names.map((name, at) => nameFault(name, at, names, rules)).find((found) => found !== undefined) ??
    missingFault(new Set(names), rules);
  if (fault !== undefined) {
    throw new CliError(`${rules.file}: the header ${fault}`, 2);
  }
  return names.map((name) => {
    const column = rules.table.columns.get(name);
    return column === undefined
      ? textColumn(name)
      : tableColumn(rules.table, column, rules.nullText, rules.limits);
  });
}

function nameFault(
  name: string,
  at: number,
  names: readonly string[],
  { table, op, keyColumn }: HeaderRules,
): string | undefined {
  if (name === "") {
    return `has no name for column ${at + 1}`;
  }
  if (names.indexOf(name) !== at) {
    return `names ${quote(name)} twice`;
  }
  if (name === keyColumn?.name) {
    return undefined;
  }
  const column = table.columns.get(name);
  if (column === undefined) {
    return unknownName(name, names, table);
  }
  if (column.readOnly || column.generated) {
    return `names ${quote(name)}, which is read-only in ${table.name}`;
  }
  const free = op === "delete" && column !== table.version && !table.key.includes(column);
  return free ? `names ${quote(name)}: to delete rows takes the key only` : undefined;
}

function unknownName(name: string, names: readonly string[], table: TableDefinition): string {
  const known = [...table.columns.keys()];
  const near = nearest(name, known);
  const other = names.length === 1 ? /[;\t|]/.exec(name)?.[0] : undefined;
  const advice =
    other !== undefined
      ? `are its cells parted by ${other === "\t" ? "tabs" : quote(other)}? Then say --delimiter`
      : near !== undefined
        ? `did you mean ${near}?`
        : `its columns are ${listOf(known, "columns")}`;
  return `names ${quote(name)}, which is no column of ${table.name}; ${advice}`;
}

function missingFault(names: ReadonlySet<string>, { table, op, keyColumn }: HeaderRules): string | undefined {
  if (keyColumn?.required === true && !names.has(keyColumn.name)) {
    return `has no column ${quote(keyColumn.name)}, which is to hold the idempotency keys`;
  }
  const [first] = table.key;
  const numbered = op === "insert" && table.key.length === 1 && first?.autoIncrement === true;
  const missing = numbered ? undefined : table.key.find((column) => !names.has(column.name));
  return missing === undefined
    ? undefined
    : `has no column ${quote(missing.name)}, which is part of the key of ${table.name}`;
}

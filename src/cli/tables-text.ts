import { quote } from "../messages/quote.ts";
import type { Column, TableDefinition } from "../tables/definition.ts";
import { printFacts, printTable } from "./print-table.ts";
import { printable } from "./printable.ts";

/** A table's definition for people: its rules, then its columns. Ends with a line feed. */
export function tableText(table: TableDefinition, width: number): string {
  const { name, key, operations, version, columns } = table;
  const facts = [
    ["table", name],
    ["key", key.map((column) => column.name).join(", ")],
    ["operations", [...operations].join(", ")],
    ["version", version === undefined ? "none: changes apply in the order in which they come" : version.name],
  ] as const;
  const rows = [...columns.values()].map((column) => ({
    cells: [
      column.name,
      printable(column.sqlType),
      column.nullable ? "yes" : "no",
      defaultText(column),
      notes(column, table).join(", "),
    ],
  }));
  const untouched = [...table.opaque.values()].map(({ name: column, sqlType, nullable }) => ({
    cells: [column, printable(sqlType), nullable ? "yes" : "no", "–", "never written or read"],
  }));
  return `${printFacts(facts, width)}\n${printTable(COLUMNS, [...rows, ...untouched], width)}`;
}

const COLUMNS = [
  { title: "COLUMN" },
  { title: "TYPE", cut: "end" },
  { title: "NULL" },
  { title: "DEFAULT", cut: "end" },
  { title: "NOTES" },
] as const;

function defaultText({ kind, defaultValue, generated, autoIncrement, optional }: Column): string {
  if (generated || autoIncrement || !optional) return "–";
  if (defaultValue === undefined) return "by the server";
  if (defaultValue === null) return "NULL";
  return typeof defaultValue === "string" && kind !== "json" ? quote(defaultValue) : String(defaultValue);
}

/** What a publisher must know of a column beyond its type. */
function notes(column: Column, { key, version }: TableDefinition): string[] {
  const isKey = key.includes(column);
  return [
    isKey && "key",
    column === version && "version",
    !isKey && !column.optional && "required by insert",
    column.autoIncrement && "numbered by the server",
    column.onUpdate && "time of the last change",
    column.generated ? "generated" : column.readOnly && "read-only",
    !isKey && !column.readOnly && column.delta !== undefined && "add",
  ].filter((note) => note !== false);
}

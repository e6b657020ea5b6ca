import type { JsonObject, JsonValue } from "../messages/json-value.ts";
import { type JsonLimits, parseJson } from "../messages/parse-json.ts";
import { pointerTo } from "../messages/pointer.ts";
import { quote } from "../messages/quote.ts";
import type { Rejection } from "../messages/rejection.ts";
import type { Column, TableDefinition } from "../tables/definition.ts";
import { LosslessNumber } from "../tables/lossless-number.ts";
import { losesDigits } from "../tables/parse-json.ts";

/** One column of a CSV file. */
export interface CsvColumn {
  readonly name: string;
  /** From a cell to what the wire takes; undefined: the cell says nothing. */
  read(cell: string): JsonValue | undefined | CellFault;
}

/** Why a cell can't be read. */
export class CellFault {
  readonly rejection: Rejection;
  constructor(rejection: Rejection) {
    this.rejection = rejection;
  }
}

/** The row as an object, without the columns whose cells say nothing; or the fault of its first bad cell. */
export function readCells(
  cells: readonly string[],
  columns: readonly CsvColumn[],
): { value: JsonObject; fault?: undefined } | { value?: undefined; fault: Rejection } {
  const members: [string, JsonValue][] = [];
  for (const [at, column] of columns.entries()) {
    const value = column.read(cells[at] ?? "");
    if (value instanceof CellFault) {
      return { fault: value.rejection };
    }
    if (value !== undefined) {
      members.push([column.name, value]);
    }
  }
  return { value: Object.fromEntries(members) };
}

/**
 * How a table's column is read from cells: an empty cell says nothing (the column stays as it is), one that equals
 * `nullText` is NULL. Numbers become JSON numbers with all their digits, and DECIMAL stays text, as an update has them;
 * booleans are true/false, t/f, yes/no or 1/0 in any case; JSON columns hold JSON text. A cell that does not read as its
 * column's kind is handed on as text, so that the table's own rule refuses it.
 */
export function tableColumn(
  table: TableDefinition,
  column: Column,
  nullText: string | undefined,
  limits: JsonLimits,
): CsvColumn {
  const typed = reading(table, column, limits);
  const read = (cell: string) => (cell === nullText ? null : cell === "" ? undefined : typed(cell));
  return { name: column.name, read };
}

/** A column that no table has, such as that of the idempotency keys: text. */
export function textColumn(name: string): CsvColumn {
  return { name, read: (cell) => (cell === "" ? undefined : cell) };
}

type Reading = (cell: string) => JsonValue | CellFault;

function reading(table: TableDefinition, column: Column, limits: JsonLimits): Reading {
  switch (column.kind) {
    case "integer":
    case "bigint":
    case "float":
    case "double":
    case "year":
      return (cell) => toNumber(cell.trim());
    case "boolean":
      return (cell) => BOOLEANS[cell.trim().toLowerCase()] ?? cell;
    case "json":
      return (cell) => jsonCell(cell, table, column, limits);
    case "decimal":
    case "date":
    case "datetime":
    case "time":
    case "binary":
      return (cell) => cell.trim();
    case "string":
    case "enum":
    case "set":
      return (cell) => cell;
    default:
      column.kind satisfies never;
      return (cell) => cell;
  }
}

const BOOLEANS: Readonly<Record<string, boolean>> = Object.assign(Object.create(null), {
  true: true,
  t: true,
  yes: true,
  "1": true,
  false: false,
  f: false,
  no: false,
  "0": false,
});

/** RFC 8259 section 6. What is written in another way (`+5`, `007`) goes on as text. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function toNumber(text: string): JsonValue {
  if (!NUMBER.test(text)) {
    return text;
  }
  const value = Number(text);
  return losesDigits(text, value) ? new LosslessNumber(text) : value;
}

function jsonCell(
  cell: string,
  table: TableDefinition,
  column: Column,
  limits: JsonLimits,
): JsonValue | CellFault {
  const parsed = parseJson(Buffer.from(cell), limits);
  if (parsed.fault === undefined) {
    return parsed.value;
  }
  const { message } = parsed.fault;
  return new CellFault({
    code: "invalid",
    rule: "format",
    pointer: pointerTo([column.name]),
    table: table.name,
    column: column.name,
    message: `${table.name}: column ${column.name} must be JSON text, with strings in double quotes: ${quote(cell)} is none. ${message}`,
  });
}

import type { UpdateLimits } from "../messages/decode.ts";
import { nearest } from "../messages/nearest.ts";
import { listOf, quote } from "../messages/quote.ts";
import type { Operation, Registry, TableDefinition } from "../tables/definition.ts";
import { CliError } from "./context.ts";
import { readCsv } from "./publish-csv.ts";
import { headerColumns } from "./publish-header.ts";
import type { Input } from "./publish-input.ts";
import { JsonCutter } from "./publish-json.ts";
import { LineCutter } from "./publish-lines.ts";
import { type InputRecords, readRecords } from "./publish-record.ts";
import { flatRows, type KeyMember, type Shape, wholeUpdates } from "./publish-rows.ts";
import { type Format, firstMember, formatByName, sniffFormat } from "./publish-sniff.ts";

/** What the command line says of the input. */
export interface InputFlags {
  readonly format?: Format;
  readonly table?: string;
  readonly op?: Operation;
  readonly delimiter?: string;
  readonly null?: string;
  readonly keyColumn?: string;
}

/** How an input is read. */
export interface InputPlan {
  readonly records: InputRecords;
  readonly shape: Shape;
}

/** Records are read up to this many times the size that an update may have: blanks between their tokens don't count. */
const SLACK = 4;
/** The member that holds a record's idempotency key when no other is named. */
const KEY_MEMBER = "idempotencyKey";
/** What an object that is an update can begin with: a change, a list of changes, a CloudEvent. */
const UPDATE_MEMBERS: ReadonlySet<string> = new Set(
  "table op key set add expect changes specversion id source type time subject data datacontenttype dataschema".split(
    " ",
  ),
);

/** Says how to read the input. Throws a CliError (wrong use) when the flags and the input don't go together. */
export function planInput(
  input: Input,
  flags: InputFlags,
  registry: Registry,
  limits: UpdateLimits,
): InputPlan {
  const table = flags.table === undefined ? undefined : tableOf(flags.table, registry);
  checkTableFlags(flags, table);
  const keyMember = keyMemberOf(flags.keyColumn, table);
  const op = flags.op ?? "upsert";
  const shape = table === undefined ? wholeUpdates(keyMember) : flatRows(table, op, keyMember);
  const wide = { dataBytes: limits.dataBytes * SLACK, depth: limits.depth };
  const format = formatOf(input, flags, table);
  checkFormatFlags(flags, format);
  switch (format) {
    case "ndjson":
      return { shape, records: readRecords(input.chunks, new LineCutter(wide.dataBytes), "lines", wide) };
    case "json": {
      checkObject(input, table, keyMember);
      const cutter = new JsonCutter(table === undefined ? "one" : "members", wide.dataBytes);
      return { shape, records: readRecords(input.chunks, cutter, "parts", wide) };
    }
    case "csv": {
      if (table === undefined) {
        throw new CliError(`${input.name} is CSV: say with --table which table its rows belong to`, 2);
      }
      const rules = { file: input.name, table, op, keyColumn: keyMember, nullText: flags.null, limits };
      const columns = (header: readonly string[]) => headerColumns(header, rules);
      const delimiter = flags.delimiter ?? (/\.tsv$/i.test(input.name) ? "\t" : ",");
      return { shape, records: readCsv(input.chunks, { delimiter, rowSize: wide.dataBytes, columns }) };
    }
    default:
      return format satisfies never;
  }
}

function tableOf(name: string, registry: Registry): TableDefinition {
  const table = registry.get(name);
  if (table === undefined) {
    const names = [...registry.keys()];
    const near = nearest(name, names);
    const advice = near === undefined ? `the tables are ${listOf(names, "tables")}` : `did you mean ${near}?`;
    throw new CliError(`--table: there is no table ${quote(name)}; ${advice}`, 2);
  }
  return table;
}

function checkTableFlags({ op }: InputFlags, table: TableDefinition | undefined): void {
  if (table === undefined && op !== undefined) {
    throw new CliError("--op is for rows of a --table; a whole update says its operation itself", 2);
  }
  if (table !== undefined && !table.operations.has(op ?? "upsert")) {
    const allowed = listOf([...table.operations], "operations");
    throw new CliError(`${table.name} does not allow ${op ?? "upsert"}; say --op with ${allowed}`, 2);
  }
}

function checkFormatFlags({ delimiter, null: nullText }: InputFlags, format: Format): void {
  const forCsv = delimiter !== undefined ? "--delimiter" : nullText !== undefined ? "--null" : undefined;
  if (forCsv !== undefined && format !== "csv") {
    throw new CliError(`${forCsv} is for CSV; the input is read as ${format} (say --format if it is not)`, 2);
  }
}

function keyMemberOf(name: string | undefined, table: TableDefinition | undefined): KeyMember | undefined {
  const known = table?.columns.has(name ?? KEY_MEMBER) === true;
  if (name !== undefined) {
    return { name, required: true, stays: known };
  }
  return known ? undefined : { name: KEY_MEMBER, required: false, stays: false };
}

function formatOf(
  input: Input,
  { format, delimiter, null: nullText }: InputFlags,
  table: TableDefinition | undefined,
): Format {
  const named = format ?? formatByName(input.name);
  if (named !== undefined) {
    return named;
  }
  if (delimiter !== undefined || nullText !== undefined) {
    return "csv";
  }
  return input.head.length === 0 ? "ndjson" : sniffFormat(input.head, new Set(table?.columns.keys()));
}

/** A JSON file with one object: rows by their key need a table with a key of one column, all else is an update. */
function checkObject(
  input: Input,
  table: TableDefinition | undefined,
  keyMember: KeyMember | undefined,
): void {
  const first = firstMember(input.head);
  if (first === undefined) {
    return;
  }
  if (table !== undefined && table.key.length !== 1) {
    throw new CliError(
      `${input.name} is an object of rows by their key, but ${table.name} has a key of ${table.key.length} columns: ` +
        "write the rows as an array, or one a line",
      2,
    );
  }
  if (table === undefined && !UPDATE_MEMBERS.has(first.name) && first.name !== keyMember?.name) {
    throw new CliError(
      `${input.name} is an object that begins with ${quote(first.name)}, which is no update: ` +
        "if it holds rows by their key, say with --table of which table",
      2,
    );
  }
}

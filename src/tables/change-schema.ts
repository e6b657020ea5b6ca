import { z } from "zod";
import type { CompiledColumn } from "./column.ts";
import type { Operation, ParsedChange } from "./definition.ts";
import { Fault } from "./fault.ts";
import { type Group, type GroupFault, group } from "./group.ts";

/** What the schemas of a table's changes are made from. */
export interface ChangeTable {
  readonly name: string;
  readonly columns: ReadonlyMap<string, CompiledColumn>;
  readonly key: readonly CompiledColumn[];
  readonly version: CompiledColumn | undefined;
}

const KEY_COLUMN = new Fault("key_column", "is part of the key, which never changes: name it in `key` only");
const NOT_KEY = new Fault("not_key", "is not part of the key");
const READ_ONLY = new Fault("read_only", "is read-only");
const NOT_NUMERIC = new Fault("not_numeric", "is not a number: nothing can be added to it");
const VERSION = new Fault(
  "version_column",
  "is the version column: name it in `set`, nothing is added to it",
);
const DELETE_SET = new Fault("delete_set", "can't be set by a delete, which takes the version column only");
const SET_AND_ADD = new Fault(
  "set_and_add",
  "is in `set` and in `add`: a change does one of them to a column",
);
const EMPTY = new Fault("empty_change", "must set or add at least one column");

/** May a change of this table write the column? */
export function isWritable(column: CompiledColumn): boolean {
  return !column.isKey && !column.readOnly && !column.generated;
}

/** The zod schema of one operation's change: canonical values out, only own members, absent groups left out. */
export function changeSchema(table: ChangeTable, op: Operation): z.ZodType<ParsedChange> & Group {
  const shape: Record<string, z.ZodType> = {
    table: z.literal(table.name),
    op: z.literal(op),
    key: keyGroup(table, op),
  };
  const writable = [...table.columns.values()].filter(isWritable);
  const settable = op === "delete" ? writable.filter((column) => column === table.version) : writable;
  if (settable.length > 0) {
    shape["set"] = setGroup(table, op, settable);
  }
  const addable = writable.filter((column) => column.delta !== undefined && column !== table.version);
  if (addable.length > 0 && (op === "update" || op === "upsert")) {
    shape["add"] = addGroup(table, addable);
  }
  if (op !== "insert") {
    shape["expect"] = expectGroup(table);
  }
  const rule = op === "update" ? updateRule : op === "upsert" ? setOrAdd : undefined;
  const json = { title: `${op} a row of ${table.name}`, ...(op === "update" ? oneOfGroups(shape) : {}) };
  return group(shape, { rule, json }) as unknown as z.ZodType<ParsedChange> & Group;
}

function keyGroup(table: ChangeTable, op: Operation): z.ZodType {
  const shape = Object.fromEntries(table.key.map((column) => [column.name, column.wire]));
  const refusals = refusalsOf(table, (column) => (column.isKey ? undefined : NOT_KEY));
  const key = group(shape, { refusals, json: { description: "the row's key" } });
  const [only] = table.key;
  return op === "insert" && table.key.length === 1 && only?.autoIncrement === true ? key.optional() : key;
}

function setGroup(table: ChangeTable, op: Operation, settable: readonly CompiledColumn[]): z.ZodType {
  const required = op === "insert" ? settable.filter((column) => !column.optional) : [];
  const shape = Object.fromEntries(
    settable.map((column) => [column.name, required.includes(column) ? column.wire : column.optionalWire]),
  );
  const refusals = refusalsOf(table, (column) =>
    column.isKey ? KEY_COLUMN : isWritable(column) ? DELETE_SET : READ_ONLY,
  );
  const description = "columns to write; one that is absent stays as it is, null writes NULL";
  const set = group(shape, { refusals, json: { description } });
  return required.length > 0 ? set : set.optional();
}

function addGroup(table: ChangeTable, addable: readonly CompiledColumn[]): z.ZodType {
  const shape = Object.fromEntries(
    addable.flatMap((column) =>
      column.optionalDelta === undefined ? [] : [[column.name, column.optionalDelta]],
    ),
  );
  const refusals = refusalsOf(table, (column) =>
    column.isKey
      ? KEY_COLUMN
      : !isWritable(column)
        ? READ_ONLY
        : column === table.version
          ? VERSION
          : NOT_NUMERIC,
  );
  return group(shape, {
    refusals,
    json: { description: "columns to increase or decrease by an exact amount" },
  }).optional();
}

function expectGroup(table: ChangeTable): z.ZodType {
  const shape = Object.fromEntries(
    [...table.columns.values()].map((column) => [column.name, column.expected]),
  );
  return group(shape, {
    json: { description: "values that the row must hold before the change" },
  }).optional();
}

function refusalsOf(
  table: ChangeTable,
  why: (column: CompiledColumn) => Fault | undefined,
): Map<string, Fault> {
  const refusals = new Map<string, Fault>();
  for (const column of table.columns.values()) {
    const fault = why(column);
    if (fault !== undefined) {
      refusals.set(column.name, fault);
    }
  }
  return refusals;
}

function updateRule(change: Record<string, unknown>): GroupFault | undefined {
  return isEmpty(change["set"]) && isEmpty(change["add"]) ? { fault: EMPTY, path: [] } : setOrAdd(change);
}

function setOrAdd(change: Record<string, unknown>): GroupFault | undefined {
  const { set, add } = change;
  if (set === undefined || add === undefined) {
    return undefined;
  }
  const both = Object.keys(add as object).find((name) => Object.hasOwn(set as object, name));
  return both === undefined ? undefined : { fault: SET_AND_ADD, path: ["add", both] };
}

function isEmpty(members: unknown): boolean {
  for (const _ in members as object) {
    return false;
  }
  return true;
}

function oneOfGroups(shape: Record<string, z.ZodType>) {
  const groups = ["set", "add"].filter((name) => name in shape);
  return {
    anyOf: groups.map((name) => ({
      required: [name],
      properties: { [name]: { type: "object", minProperties: 1 } },
    })),
  };
}

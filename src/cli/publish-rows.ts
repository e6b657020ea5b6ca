import { isJsonObject, type JsonObject, type JsonValue, member } from "../messages/json-value.ts";
import { pointerTo } from "../messages/pointer.ts";
import type { Rejection } from "../messages/rejection.ts";
import type { Operation, TableDefinition } from "../tables/definition.ts";
import { LosslessNumber } from "../tables/lossless-number.ts";

/** What a record says: an update, as an update's JSON has it, and the idempotency key written beside it, if any. */
export type Shaped =
  | { readonly update: JsonValue; readonly key: string | undefined; readonly fault?: undefined }
  | { readonly update?: undefined; readonly fault: Rejection };

/** What makes an update of a record, and where its faults lie in the record. */
export interface Shape {
  shape(value: JsonValue, name: string | undefined): Shaped;
  /** From a pointer into the update to one into the record. */
  pointer(pointer: string): string;
}

/** Where a record carries its idempotency key: the member or column, and whether each record must have it. */
export interface KeyMember {
  readonly name: string;
  readonly required: boolean;
  /** It belongs to the row itself, and so stays in it. */
  readonly stays: boolean;
}

/** Records that are whole updates; a key written beside it is taken off. */
export function wholeUpdates(keyMember: KeyMember | undefined): Shape {
  return {
    shape(value) {
      if (!isJsonObject(value)) {
        return { update: value, key: undefined };
      }
      const taken = takeKey(value, keyMember);
      return taken.fault === undefined ? { update: taken.rest, key: taken.key } : taken;
    },
    pointer: (pointer) => pointer,
  };
}

/**
 * Records that are flat rows of one table: key columns go to `key`, all others to `set`. A record that is a member of an
 * object has its key in the member's name, and may repeat it.
 */
export function flatRows(table: TableDefinition, op: Operation, keyMember: KeyMember | undefined): Shape {
  const keyColumns: ReadonlySet<string> = new Set(table.key.map(({ name }) => name));
  return {
    shape(value, name) {
      if (!isJsonObject(value)) {
        return { fault: notARow(table) };
      }
      const row = name === undefined ? value : keyed(table, value, name);
      if (row === undefined) {
        return { fault: otherKey(table) };
      }
      const taken = takeKey(row, keyMember);
      if (taken.fault !== undefined) {
        return taken;
      }
      const members = Object.entries(taken.rest);
      const key = members.filter(([column]) => keyColumns.has(column));
      const set = members.filter(([column]) => !keyColumns.has(column));
      const update: JsonObject = { table: table.name, op };
      if (key.length > 0) {
        update["key"] = Object.fromEntries(key);
      }
      if (set.length > 0) {
        update["set"] = Object.fromEntries(set);
      }
      return { update, key: taken.key };
    },
    pointer: (pointer) => pointer.replace(/^\/(?:key|set)(?=\/|$)/, ""),
  };
}

type Taken =
  | { readonly rest: JsonObject; readonly key: string | undefined; readonly fault?: undefined }
  | { readonly rest?: undefined; readonly fault: Rejection };

function takeKey(record: JsonObject, keyMember: KeyMember | undefined): Taken {
  if (keyMember === undefined) {
    return { rest: record, key: undefined };
  }
  const { name, required, stays } = keyMember;
  const written = member(record, name);
  if (written === undefined) {
    return required ? { fault: noKey(name) } : { rest: record, key: undefined };
  }
  const text = textOf(written);
  if (text === undefined) {
    return { fault: noKey(name) };
  }
  const rest = stays ? record : Object.fromEntries(Object.entries(record).filter(([own]) => own !== name));
  return { rest, key: text };
}

/** Strings and numbers name things; a number by its digits. */
function textOf(value: JsonValue): string | undefined {
  if (typeof value === "string") {
    return value;
  }
  return typeof value === "number" || value instanceof LosslessNumber ? String(value) : undefined;
}

/** The row with the key that its name says; undefined when it says another one itself. */
function keyed(table: TableDefinition, row: JsonObject, name: string): JsonObject | undefined {
  const [column] = table.key;
  if (column === undefined) {
    return row;
  }
  const own = member(row, column.name);
  if (own === undefined) {
    return Object.fromEntries([[column.name, name], ...Object.entries(row)]);
  }
  // a value that is none is left to the table's own rules
  const repeated = column.wire.safeParse(own);
  const named = column.wire.safeParse(name);
  const same = !repeated.success || (named.success && named.data === repeated.data);
  return same ? row : undefined;
}

function notARow(table: TableDefinition): Rejection {
  const message = `A row of ${table.name} is a JSON object with its columns.`;
  return { code: "invalid", rule: "type", pointer: "", table: table.name, message };
}

function otherKey(table: TableDefinition): Rejection {
  const column = table.key[0]?.name ?? "";
  const message = `${table.name}: column ${column} says another key than the name of the row does.`;
  const pointer = pointerTo([column]);
  return { code: "invalid", rule: "same_key", pointer, table: table.name, column, message };
}

function noKey(name: string): Rejection {
  const message = `The record has no idempotency key: ${name} must be a text or a number.`;
  return { code: "invalid", rule: "idempotency_key", pointer: pointerTo([name]), message };
}

import type { Rejection } from "../messages/rejection.ts";
import type { Change } from "../messages/update.ts";
import type { Column, TableDefinition, Value } from "../tables/definition.ts";
import { type Row, SERVER_VALUE, valueOf } from "./row.ts";

/** What one change makes of one row. */
export type Verdict =
  | { readonly kind: "changed"; readonly row: Row }
  /** The row already is as asked. */
  | { readonly kind: "same" }
  /** The row's version is newer, or equal. */
  | { readonly kind: "older" | "equal" }
  | { readonly kind: "rejected"; readonly rejection: Rejection }
  /** Not to be decided before this batch's earlier writes are in the database. */
  | { readonly kind: "later" };

const SAME: Verdict = { kind: "same" };
const LATER: Verdict = { kind: "later" };

/** Applies one change to one row in memory. Pure. */
export function foldChange(change: Change, row: Row): Verdict {
  if (row.takenBy !== undefined) {
    const message = `its key's collation takes the key for that of another row, ${row.takenBy}; send it as it stands there`;
    return rejected(change, "unique_conflict", message);
  }
  const unmet = unmetExpectation(change, row);
  if (unmet !== undefined) return unmet;
  switch (change.op) {
    case "insert":
      return row.exists ? rejected(change, "row_exists", "the row exists already") : create(change, row);
    case "update":
      return row.exists ? write(change, row) : rejected(change, "row_missing", "there is no such row");
    case "upsert":
      return row.exists ? write(change, row) : create(change, row);
    case "delete":
      return row.exists ? remove(change, row) : SAME;
    default:
      return change.op satisfies never;
  }
}

function unmetExpectation(change: Change, row: Row): Verdict | undefined {
  for (const name in change.expect) {
    if (!row.exists) {
      if (change.op === "update") return undefined; // row_missing says more
      return rejected(change, "expectation_failed", "there is no such row", name, "expect");
    }
    const value = valueOf(row, columnOf(change.table, name));
    if (value === SERVER_VALUE) return LATER;
    if (value !== change.expect[name]) {
      return rejected(
        change,
        "expectation_failed",
        `column ${name} holds another value than expected`,
        name,
        "expect",
      );
    }
  }
  return undefined;
}

function create(change: Change, row: Row): Verdict {
  // Deleted earlier in this batch: the delete must reach the database first, with all its consequences there.
  if (row.stored !== undefined) return LATER;
  const written: Record<string, Value> = { ...change.set };
  for (const name in change.add) {
    const sum = columnOf(change.table, name).plus(null, change.add[name] as Value);
    if (sum === undefined) return outOfRange(change, name);
    written[name] = sum;
  }
  for (const column of change.table.columns.values()) {
    if (column.optional || written[column.name] !== undefined || change.key[column.name] !== undefined)
      continue;
    const message = `column ${column.name} has no default, and there is no row yet to keep it from`;
    return rejected(change, "invalid", message, column.name, "set", "required");
  }
  return { kind: "changed", row: { ...row, exists: true, written } };
}

function write(change: Change, row: Row): Verdict {
  const age = comparedVersion(change, row);
  if (age !== undefined) return age;
  const draft: Draft = { written: undefined };
  const wait =
    setColumns(change, row, draft) ?? addColumns(change, row, draft) ?? setDocuments(change, row, draft);
  if (wait !== undefined) return wait;
  const { written } = draft;
  if (written === undefined) return SAME;
  const { onUpdate } = change.table;
  if (onUpdate.length === 0) return { kind: "changed", row: { ...row, written } };
  return row.stored === undefined && waitsForTime(change, row)
    ? LATER
    : { kind: "changed", row: { ...row, written: withTimes(change, written) } };
}

/** What one change writes into a row, together with what the batch has written there before; undefined while it is nothing new. */
interface Draft {
  written: Record<string, Value> | undefined;
}

function put(draft: Draft, row: Row, name: string, value: Value): void {
  draft.written ??= { ...row.written };
  draft.written[name] = value;
}

/** A document as the database printed it: to compare it takes parsing. */
function isPrinted(row: Row, { name, kind }: Column): boolean {
  return kind === "json" && row.written[name] === undefined;
}

function setColumns(change: Change, row: Row, draft: Draft): Verdict | undefined {
  for (const name in change.set) {
    const column = columnOf(change.table, name);
    if (isPrinted(row, column)) continue;
    const value = change.set[name] as Value;
    const current = valueOf(row, column);
    if (current === SERVER_VALUE) return LATER;
    if (current !== value) put(draft, row, name, value);
  }
  return undefined;
}

function addColumns(change: Change, row: Row, draft: Draft): Verdict | undefined {
  for (const name in change.add) {
    const column = columnOf(change.table, name);
    const value = valueOf(row, column);
    if (value === SERVER_VALUE) return LATER;
    const sum = column.plus(value, change.add[name] as Value);
    if (sum === undefined) return outOfRange(change, name);
    if (sum !== value) put(draft, row, name, sum);
  }
  return undefined;
}

/** A row that changes anyway gets its documents without a look at what it holds. */
function setDocuments(change: Change, row: Row, draft: Draft): Verdict | undefined {
  for (const name in change.set) {
    const column = columnOf(change.table, name);
    if (!isPrinted(row, column)) continue;
    const value = change.set[name] as Value;
    const current = draft.written === undefined ? valueOf(row, column) : undefined;
    if (current === SERVER_VALUE) return LATER;
    if (current !== value) put(draft, row, name, value);
  }
  return undefined;
}

/** The server would write the time into a row that this batch has made with another value; where that is the time, it is the same. */
function waitsForTime({ table, set }: Change, { written }: Row): boolean {
  return table.onUpdate.some(
    ({ name, defaultValue }) =>
      set[name] === undefined && (written[name] !== undefined || defaultValue !== undefined),
  );
}

/** An ON UPDATE CURRENT_TIMESTAMP column gets what the change names, also when it holds that already, else the time. */
function withTimes({ table, set }: Change, written: Readonly<Record<string, Value>>): Record<string, Value> {
  const all = { ...written };
  for (const { name } of table.onUpdate) {
    const value = set[name];
    if (value === undefined) delete all[name];
    else all[name] = value;
  }
  return all;
}

function remove(change: Change, row: Row): Verdict {
  return comparedVersion(change, row) ?? { kind: "changed", row: { ...row, exists: false } };
}

/** undefined: the change is newer than the row, or carries no version. */
function comparedVersion(change: Change, row: Row): Verdict | undefined {
  const column = change.table.version;
  const version = column === undefined ? undefined : change.set[column.name];
  if (column === undefined || version === undefined || version === null) return undefined;
  const current = valueOf(row, column);
  if (current === SERVER_VALUE) return LATER;
  if (current === null) return undefined;
  const order = column.compare(version, current);
  return order > 0 ? undefined : { kind: order === 0 ? "equal" : "older" };
}

function outOfRange(change: Change, name: string): Verdict {
  const { sqlType } = columnOf(change.table, name);
  return rejected(
    change,
    "data_refused",
    `the sum does not fit column ${name} (${sqlType})`,
    name,
    "add",
    "range",
  );
}

function rejected(
  change: Change,
  code: Rejection["code"],
  message: string,
  column?: string,
  group?: "set" | "add" | "expect",
  rule?: string,
): Verdict {
  const where =
    column === undefined ? "/key" : `/${group}/${column.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const rejection: Rejection = {
    code,
    message: `table ${change.table.name}: ${message}`,
    pointer: change.pointer + where,
    table: change.table.name,
    ...(column === undefined ? {} : { column }),
    ...(rule === undefined ? {} : { rule }),
  };
  return { kind: "rejected", rejection };
}

function columnOf(table: TableDefinition, name: string): Column {
  const column = table.columns.get(name);
  if (column === undefined) throw new Error(`table ${table.name} has no column ${name}: decode let it pass`);
  return column;
}

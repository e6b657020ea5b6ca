import fc from "fast-check";
import type { Column, Operation, Registry, TableDefinition } from "../../../src/tables/definition.ts";
import { columnDelta, columnValue } from "./column-values.ts";
import { Members, type Member, type Tree } from "./json-tree.ts";

/** How updates are made. */
export interface UpdateOptions {
  /** Keys come from so many, so that updates meet; undefined: from all that there are. */
  readonly keys?: number;
  /** Changes of one update at the most; 4. */
  readonly changes?: number;
  readonly operations?: readonly Operation[];
}

/** Updates that these tables take: decoding accepts each of them. */
export function validUpdate(registry: Registry, options: UpdateOptions = {}): fc.Arbitrary<Tree> {
  const change = fc.oneof(...[...registry.values()].map((table) => validChange(table, options)));
  const several = fc.array(change, { minLength: 1, maxLength: options.changes ?? 4 });
  return fc.oneof(
    { weight: 2, arbitrary: change },
    several.map((list) => new Members([["changes", list]])),
  );
}

/** Changes that the table takes, in any of its operations. */
export function validChange(table: TableDefinition, options: UpdateOptions = {}): fc.Arbitrary<Tree> {
  const allowed = [...table.operations].filter((op) => options.operations?.includes(op) ?? true);
  return fc.oneof(...allowed.map((op) => changeBy(op, table, options)));
}

const isWritable = (table: TableDefinition, column: Column) =>
  !table.key.includes(column) && !column.readOnly && !column.generated;

function changeBy(op: Operation, table: TableDefinition, { keys }: UpdateOptions): fc.Arbitrary<Tree> {
  const columns = [...table.columns.values()];
  const writable = columns.filter((column) => isWritable(table, column));
  const groups = {
    key: keyOf(op, table, keys),
    set: op === "delete" ? versionOf(table) : setOf(op, writable),
    add: op === "update" || op === "upsert" ? addOf(table, writable) : fc.constant([]),
    expect: op === "insert" ? fc.constant([]) : someOf(columns),
  };
  return fc.record(groups).map(({ key, set, add, expect }) => {
    const named = new Set(set.map(([name]) => name));
    const sums = add.filter(([name]) => !named.has(name));
    const empty = op === "update" && set.length + sums.length === 0;
    const list: Member[] = [
      ["table", table.name],
      ["op", empty ? (table.operations.has("upsert") ? "upsert" : "delete") : op],
    ];
    for (const [name, group] of Object.entries({ key, set, add: sums, expect }))
      if (group !== undefined && (group.length > 0 || name === "key")) list.push([name, new Members(group)]);
    return new Members(list);
  });
}

function keyOf(op: Operation, table: TableDefinition, keys: number | undefined) {
  const whole = fc.tuple(...table.key.map((column) => named(column, keyValue(column, keys))));
  const [only] = table.key;
  const numbered = op === "insert" && table.key.length === 1 && only?.autoIncrement === true;
  return numbered ? fc.oneof(whole, fc.constant(undefined)) : whole;
}

/** Values of a key's column that updates may share are `k0` and so on, or small numbers. */
function keyValue(column: Column, keys: number | undefined): fc.Arbitrary<Tree> {
  if (keys === undefined || column.kind === "date") return columnValue(column);
  return fc.nat(keys - 1).map((n) => (column.kind === "string" ? `k${n}` : String(n + 1)));
}

function setOf(op: Operation, writable: readonly Column[]): fc.Arbitrary<readonly Member[]> {
  const must = op === "insert" || op === "upsert" ? writable.filter((column) => !column.optional) : [];
  const may = writable.filter((column) => !must.includes(column));
  return fc
    .tuple(fc.tuple(...must.map((column) => named(column, columnValue(column)))), someOf(may))
    .map(([all, some]) => [...all, ...some]);
}

function versionOf({ version }: TableDefinition): fc.Arbitrary<readonly Member[]> {
  return version === undefined ? fc.constant([]) : someOf([version]);
}

function addOf(table: TableDefinition, writable: readonly Column[]): fc.Arbitrary<readonly Member[]> {
  const addable = writable.flatMap((column) => {
    const delta = column === table.version ? undefined : columnDelta(column);
    return delta === undefined ? [] : [named(column, delta)];
  });
  return pick(addable);
}

function someOf(columns: readonly Column[]): fc.Arbitrary<readonly Member[]> {
  return pick(columns.map((column) => named(column, columnValue(column))));
}

/** Some of them, in any order; mostly few. */
function pick(all: readonly fc.Arbitrary<Member>[]): fc.Arbitrary<readonly Member[]> {
  if (all.length === 0) return fc.constant([]);
  return fc.uniqueArray(fc.oneof(...all), { maxLength: 4, selector: ([name]) => name });
}

function named(column: Column, value: fc.Arbitrary<Tree>): fc.Arbitrary<Member> {
  return value.map((of) => [column.name, of] as const);
}

import fc from "fast-check";
import type { Change } from "../../../src/messages/update.ts";
import type { Value } from "../../../src/tables/definition.ts";
import { change } from "../updates.ts";
import { MODEL_TABLES, modelRegistry } from "./model-tables.ts";
import type { Cell, ColumnFacts, PlainChange, TableFacts } from "./row-model.ts";

/** Few keys, so that the changes of a batch meet. */
const KEYS = 3;
const KEY_LIST = Array.from({ length: KEYS }, (_, i) => i + 1);
/** The times that changes name; any other in a row is that of the server. */
export const MODEL_TIMES: readonly string[] = [
  "2024-05-01 00:00:00",
  "2024-05-01 00:00:01",
  "2030-01-01 00:00:00",
];

/** Changes of the model's tables, of which about half fail in the course of a batch. */
export function plainChange(): fc.Arbitrary<PlainChange> {
  return fc.oneof(...MODEL_TABLES.map(changeOf));
}

function changeOf(table: TableFacts): fc.Arbitrary<PlainChange> {
  const columns = Object.entries(table.columns);
  const cells = columns.map(([name, facts]) => {
    const cell = name === table.owner?.column ? ownerOf() : cellOf(facts);
    return cell.map((of) => [name, of] as const);
  });
  const deltas = columns.flatMap(([name, facts]) =>
    facts.kind === "integer" && name !== table.version && name !== table.owner?.column
      ? [deltaOf(facts).map((by) => [name, by] as const)]
      : [],
  );
  const some = <T extends readonly [string, unknown]>(all: readonly fc.Arbitrary<T>[]) =>
    all.length === 0
      ? fc.constant([])
      : fc.uniqueArray(fc.oneof(...all), { maxLength: 2, selector: ([name]) => name });
  return fc
    .record({
      op: fc.constantFrom<PlainChange["op"][]>("insert", "update", "upsert", "upsert", "delete"),
      id: fc.integer({ min: 1, max: KEYS }),
      set: some(cells),
      add: some(deltas),
      expect: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, some(cells)),
    })
    .map(({ op, id, set, add, expect }) => taken({ table, op, id, set, add, expect }));
}

interface Parts {
  readonly table: TableFacts;
  readonly op: PlainChange["op"];
  readonly id: number;
  readonly set: readonly (readonly [string, Cell])[];
  readonly add: readonly (readonly [string, bigint])[];
  readonly expect: readonly (readonly [string, Cell])[];
}

/** What a decoder lets pass: a delete sets its version only, an insert has all that it needs and expects nothing. */
function taken({ table, op, id, set: given, add, expect }: Parts): PlainChange {
  const set: Record<string, Cell> = Object.fromEntries(
    op === "delete" ? given.filter(([name]) => name === table.version) : given,
  );
  if (op === "insert")
    for (const [name, { initial }] of Object.entries(table.columns))
      if (initial === undefined && set[name] === undefined) set[name] = "given";
  const sums = op === "update" || op === "upsert" ? add.filter(([name]) => set[name] === undefined) : [];
  const empty = op === "update" && Object.keys(set).length + sums.length === 0;
  const expected = op === "insert" ? [] : expect;
  return {
    table,
    op: empty ? "upsert" : op,
    id,
    set,
    add: Object.fromEntries(sums),
    expect: Object.fromEntries(expected),
  };
}

function ownerOf(): fc.Arbitrary<Cell> {
  return fc.constantFrom<Cell[]>(null, ...KEY_LIST.map(BigInt));
}

function cellOf({ kind, min, max, nullable }: ColumnFacts): fc.Arbitrary<Cell> {
  const present: fc.Arbitrary<Cell> =
    kind === "integer"
      ? fc.oneof(fc.constantFrom(0n, 1n, 2n, 3n, 7n), fc.constantFrom(max, max - 1n, min))
      : kind === "time"
        ? fc.constantFrom(...MODEL_TIMES)
        : fc.constantFrom("", "a", "A", "none");
  return nullable ? fc.oneof({ weight: 3, arbitrary: present }, fc.constant(null)) : present;
}

function deltaOf({ min, max }: ColumnFacts): fc.Arbitrary<bigint> {
  return fc.oneof(fc.constantFrom(0n, 1n, -1n, 2n, -7n), fc.constantFrom(max - min, min - max, max));
}

/** The updates by which batches begin: all rows that others name. */
export function ownersFirst(): readonly (readonly PlainChange[])[] {
  const table = MODEL_TABLES.find(({ name }) => name === "crews");
  if (table === undefined) throw new Error("no table of owners");
  return KEY_LIST.map((id) => [{ table, op: "upsert", id, set: { n: 0n }, add: {}, expect: {} } as const]);
}

/** The change as a publisher writes it. */
export function wireOf({ table, op, id, set, add, expect }: PlainChange) {
  const cells = (all: Readonly<Record<string, Cell>>) =>
    Object.fromEntries(Object.entries(all).map(([name, cell]) => [name, textOf(table, name, cell)]));
  const groups = { set: cells(set), add: cells(add), expect: cells(expect) };
  const present = Object.entries(groups).filter(([, group]) => Object.keys(group).length > 0);
  return { table: table.name, op, key: { id }, ...Object.fromEntries(present) };
}

function textOf({ columns }: TableFacts, name: string, cell: Cell): string | null {
  if (typeof cell !== "bigint") return cell;
  const scale = columns[name]?.scale ?? 0;
  const digits = String(cell < 0n ? -cell : cell).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${cell < 0n ? "-" : ""}${digits.slice(0, point)}${scale === 0 ? "" : `.${digits.slice(point)}`}`;
}

/** The change as the decoder gives it. */
export function decodedChange(plain: PlainChange, pointer: string): Change {
  const table = modelRegistry.get(plain.table.name);
  if (table === undefined) throw new Error(`no table ${plain.table.name}`);
  const { table: _, op, ...groups } = wireOf(plain);
  return change(table, op, groups, pointer);
}

/** A canonical value as the model has it. */
export function cellIn({ columns }: TableFacts, name: string, value: Value): Cell {
  const facts = columns[name];
  if (value === null || facts === undefined) return null;
  if (facts.kind === "integer") return BigInt(String(value).replace(".", ""));
  return facts.kind === "time" ? String(value).replace(/\.0+$/, "") : String(value);
}

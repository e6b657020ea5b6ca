/** NULL, a number times 10^scale, or a text; a time is its text. */
export type Cell = null | bigint | string;

/** What the model knows of a column beside its name. */
export interface ColumnFacts {
  readonly kind: "integer" | "text" | "time";
  readonly min: bigint;
  readonly max: bigint;
  readonly scale: number;
  readonly nullable: boolean;
  /** Of a new row; undefined: there is no default. */
  readonly initial: Cell | undefined;
  /** The server writes the time whenever something else of the row changes. */
  readonly onUpdate?: true;
}

export interface TableFacts {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnFacts>>;
  readonly version?: string;
  /** A check of the database. */
  readonly notBelowZero?: string;
  /** Rows go when the row goes that the column names; it must be there. */
  readonly owner?: { readonly table: string; readonly column: string };
}

/** A change in the model's own words; every key is one number. */
export interface PlainChange {
  readonly table: TableFacts;
  readonly op: "insert" | "update" | "upsert" | "delete";
  readonly id: number;
  readonly set: Readonly<Record<string, Cell>>;
  readonly add: Readonly<Record<string, bigint>>;
  readonly expect: Readonly<Record<string, Cell>>;
}

/** What became of an update: `outcome`, or the code of its rejection. */
export interface PlainOutcome {
  readonly outcome: string;
  /** Of an applied update. */
  readonly rows?: number;
  readonly inserted?: number;
  /** The change that was refused. */
  readonly at?: number;
}

type PlainRow = Readonly<Record<string, Cell>>;
export type PlainRows = ReadonlyMap<string, PlainRow>;

export interface ModelOptions {
  /** Whether the database has the tables' CHECKs. */
  readonly checks: boolean;
  /** When it does: after each change, or when all of an update are made; of two faults, this decides which one is told. */
  readonly judged: "each" | "end";
  /** The text of the time that the server writes. */
  readonly now: string;
}

/** The default of a column whose first value is the server's time. */
export const NOW = "the server's time";

class Stop extends Error {
  readonly outcome: string;
  constructor(outcome: string) {
    super(outcome);
    this.outcome = outcome;
  }
}

export const rowName = (table: string, id: number | bigint | string) => `${table}/${id}`;

/** One update, change by change, on a copy of all rows: slow, and nothing to get wrong. */
export function applyPlainly(
  rows: PlainRows,
  changes: readonly PlainChange[],
  options: ModelOptions,
): { readonly rows: PlainRows; readonly result: PlainOutcome } {
  const copy = new Map(rows);
  const touched = new Set<string>();
  const made = new Set<string>();
  let at = 0;
  try {
    for (const change of changes) {
      const name = rowName(change.table.name, change.id);
      const missing = !copy.has(name);
      // Deleted by the update itself and made anew, a row is not made; what another row's delete took along is.
      const replaced = rows.has(name) && touched.has(name);
      if (step(copy, change, options)) touched.add(name);
      if (change.op === "delete" && !missing) made.delete(name);
      else if (change.op !== "delete" && missing && !replaced) made.add(name);
      if (options.judged === "each") judge(copy, change, options);
      at += 1;
    }
    for (const change of changes) judge(copy, change, options);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { rows, result: { outcome: error.outcome, at } };
  }
  if (touched.size === 0) return { rows, result: { outcome: "unchanged" } };
  return { rows: copy, result: { outcome: "applied", rows: touched.size, inserted: made.size } };
}

/** Whether something changed. */
function step(rows: Map<string, PlainRow>, change: PlainChange, { now }: ModelOptions): boolean {
  const { table, op, id } = change;
  const name = rowName(table.name, id);
  const row = rows.get(name);
  if (row === undefined && op === "update") throw new Stop("row_missing");
  for (const [column, cell] of Object.entries(change.expect))
    if (row === undefined || row[column] !== cell) throw new Stop("expectation_failed");
  if (row === undefined) {
    if (op === "delete") return false;
    rows.set(name, created(change, now));
    return true;
  }
  if (op === "insert") throw new Stop("row_exists");
  compareVersions(change, row);
  if (op === "delete") {
    remove(rows, table.name, id);
    return true;
  }
  const next = written(change, row, now);
  rows.set(name, next);
  return next !== row;
}

function created({ table, set, add }: PlainChange, now: string): PlainRow {
  const row: Record<string, Cell> = {};
  for (const [column, facts] of Object.entries(table.columns)) {
    const initial = facts.initial === NOW ? now : facts.initial;
    const given = Object.hasOwn(set, column) ? set[column] : initial;
    const delta = add[column];
    const cell = delta === undefined ? given : fitting(delta, facts);
    if (cell !== undefined) row[column] = cell;
  }
  for (const column of Object.keys(table.columns)) if (row[column] === undefined) throw new Stop("invalid");
  return row;
}

function written({ table, set, add }: PlainChange, row: PlainRow, now: string): PlainRow {
  const next: Record<string, Cell> = { ...row, ...set };
  for (const [column, delta] of Object.entries(add)) {
    const facts = table.columns[column] as ColumnFacts;
    // Nothing added to nothing is nothing new; it was NULL, and 0 is not.
    next[column] = fitting(((row[column] ?? 0n) as bigint) + delta, facts);
  }
  if (Object.keys(next).every((column) => next[column] === row[column])) return row;
  for (const [column, { onUpdate }] of Object.entries(table.columns))
    if (onUpdate === true && set[column] === undefined) next[column] = now;
  return next;
}

function fitting(sum: bigint, { min, max }: ColumnFacts): bigint {
  if (sum < min || sum > max) throw new Stop("data_refused");
  return sum;
}

function compareVersions({ table: { version }, set }: PlainChange, row: PlainRow): void {
  if (version === undefined) return;
  const ours = set[version] ?? null;
  const theirs = row[version] ?? null;
  if (ours === null || theirs === null) return;
  if (ours === theirs) throw new Stop("unchanged");
  if (ours < theirs) throw new Stop("stale");
}

/** Rows of the tables that name it go with it; `owner` is found by the cells of those rows alone. */
function remove(rows: Map<string, PlainRow>, table: string, id: number): void {
  rows.delete(rowName(table, id));
  if (table !== "crews") return;
  for (const [name, row] of rows)
    if (name.startsWith("sailors/") && row["crew"] === BigInt(id)) rows.delete(name);
}

function judge(rows: PlainRows, { table, id }: PlainChange, { checks }: ModelOptions): void {
  const { notBelowZero, owner } = table;
  const row = rows.get(rowName(table.name, id));
  if (row === undefined) return;
  if (checks && notBelowZero !== undefined && ((row[notBelowZero] ?? 0n) as bigint) < 0n)
    throw new Stop("check_failed");
  const named = owner === undefined ? null : row[owner.column];
  if (typeof named === "bigint" && !rows.has(rowName(owner?.table ?? "", named)))
    throw new Stop("foreign_key");
}

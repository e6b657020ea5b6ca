import type { Change, RowId, Update } from "../messages/update.ts";
import { foldChange, type Verdict } from "./fold-change.ts";
import type { Settlement } from "./outcome.ts";
import { missingRow, type Row, type Rows } from "./row.ts";

/** What the fold says of one update: its settlement, or that it must wait for this round's writes. */
export type Folded = Exclude<Settlement, { outcome: "duplicate" }> | { readonly outcome: "later" };

/** One round: what became of each update, in the order given, and the rows to write. */
export interface Round {
  readonly folded: readonly Folded[];
  /** Changed rows only, in the order of their first change. */
  readonly rows: Map<RowId, Row>;
}

const UNCHANGED: Folded = { outcome: "unchanged" };
const STALE: Folded = { outcome: "stale" };
const LATER: Folded = { outcome: "later" };
const ONE_CHANGED: Folded = { outcome: "applied", rows: 1, inserted: 0 };
const ONE_INSERTED: Folded = { outcome: "applied", rows: 1, inserted: 1 };

/**
 * Folds updates, in order, over rows: each update takes effect on all its rows or on none. Updates of one row keep their
 * order: behind one that must wait, those that share a row with it wait too. Pure.
 *
 * An update must wait for the writes of the round (`later`) when it needs a value that only the server knows yet, when it
 * creates a row that the round deletes, or when it would hide a value of an earlier update that a constraint has yet to
 * judge. The first update of a round waits only for its own changes (a row deleted and made anew, say): such a one is to be
 * applied change by change.
 */
export function fold(rows: Rows, updates: readonly Update[]): Round {
  const changed = new Map<RowId, Row>();
  const waiting = new Set<RowId>();
  const cascades = new Cascades();
  const folded = updates.map((update): Folded => {
    const mustWait = cascades.crossedBy(update) || touches(update, waiting);
    const result = mustWait ? LATER : foldUpdate(update, rows, changed);
    if (result.outcome === "later")
      for (const { row } of update.changes) if (row !== undefined) waiting.add(row);
    return result;
  });
  return { folded, rows: changed };
}

function touches(update: Update, waiting: ReadonlySet<RowId>): boolean {
  return waiting.size > 0 && update.changes.some(({ row }) => row !== undefined && waiting.has(row));
}

/** What a round has done that foreign keys carry further, or that they may undo. */
class Cascades {
  /** Tables from which rows were deleted. */
  readonly #deleted = new Set<string>();
  /** Tables by whose deletes the server would change rows that were touched. */
  readonly #feared = new Set<string>();

  /**
   * A delete, and a change of a row that the server may change for it (ON DELETE CASCADE, SET NULL), have to reach the database in
   * their order. Notes an update's changes; true when one crosses another one, of this update or of those before it.
   */
  crossedBy({ changes }: Update): boolean {
    let crossed = false;
    for (const { op, table } of changes) {
      crossed ||= op === "delete" && this.#feared.has(table.name);
      crossed ||= this.#deleted.size > 0 && !this.#deleted.isDisjointFrom(table.cascadesFrom);
      for (const name of table.cascadesFrom) this.#feared.add(name);
      if (op === "delete") this.#deleted.add(table.name);
    }
    return crossed;
  }
}

function foldUpdate(update: Update, rows: Rows, changed: Map<RowId, Row>): Folded {
  const [first] = update.changes;
  return first !== undefined && update.changes.length === 1
    ? foldAlone(first, rows, changed)
    : foldTogether(update, rows, changed);
}

/** Most updates are one change: what {@link foldTogether} does of it, without a draft. */
function foldAlone(change: Change, rows: Rows, changed: Map<RowId, Row>): Folded {
  const id = change.row ?? newRowId(change, changed.size);
  const earlier = changed.get(id);
  const row = earlier ?? rows.get(id) ?? missingRow(change.table, change.key);
  const verdict = foldChange(change, row);
  if (verdict.kind !== "changed") return settled(verdict);
  if (hides(verdict.row, earlier)) return LATER;
  changed.set(id, verdict.row);
  return verdict.row.exists && !row.exists ? ONE_INSERTED : ONE_CHANGED;
}

/** What a change that changes nothing makes of its update when it stands alone or is the last word on it. */
function settled(verdict: Exclude<Verdict, { kind: "changed" }>): Folded {
  switch (verdict.kind) {
    case "same":
    case "equal":
      return UNCHANGED;
    case "older":
      return STALE;
    case "rejected":
      return { outcome: "rejected", rejection: verdict.rejection };
    case "later":
      return LATER;
    default:
      return verdict satisfies never;
  }
}

function foldTogether(update: Update, rows: Rows, changed: Map<RowId, Row>): Folded {
  const draft = new Map<RowId, Row>();
  for (const change of update.changes) {
    const id = change.row ?? newRowId(change, changed.size + draft.size);
    const row = draft.get(id) ?? changed.get(id) ?? rows.get(id) ?? missingRow(change.table, change.key);
    const verdict = foldChange(change, row);
    if (verdict.kind === "changed") draft.set(id, verdict.row);
    else if (verdict.kind !== "same") return settled(verdict);
  }
  if (draft.size === 0) return UNCHANGED;
  for (const [id, row] of draft) if (hides(row, changed.get(id))) return LATER;
  const inserted = madeBy(draft, changed, rows);
  for (const [id, row] of draft) changed.set(id, row);
  return { outcome: "applied", rows: draft.size, inserted };
}

/** How many of the rows were not there before. Called before the draft is taken over. */
function madeBy(draft: ReadonlyMap<RowId, Row>, changed: Rows, rows: Rows): number {
  let made = 0;
  for (const [id, row] of draft) {
    const before = changed.get(id) ?? rows.get(id);
    if (row.exists && before?.exists !== true) made += 1;
  }
  return made;
}

/** A value that an earlier update of this round wrote, and that the server has to judge, is gone in the later row. */
function hides(later: Row, earlier: Row | undefined): boolean {
  if (earlier === undefined || !earlier.exists) return false;
  const { columns } = later.table;
  if (!later.exists && earlier.stored === undefined)
    return [...columns.values()].some((column) => column.constrained);
  for (const name of Object.keys(earlier.written)) {
    const gone = !later.exists || later.written[name] !== earlier.written[name];
    if (gone && columns.get(name)?.constrained === true) return true;
  }
  return false;
}

/** An insert that leaves its key to the server is a row of its own; NUL cannot begin a table's name. */
function newRowId(change: Change, n: number): RowId {
  return `\0${change.table.name}\0${n}` as RowId;
}

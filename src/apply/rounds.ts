import type { Decoded, RowId, Update } from "../messages/update.ts";
import type { Store, Transaction } from "../store/store.ts";
import { classify, databaseError } from "../store/trouble.ts";
import { fold } from "./fold.ts";
import { foldChange } from "./fold-change.ts";
import { lockRows, type ReadColumns } from "./lock-rows.ts";
import type { Settled } from "./receipts.ts";
import { refusal } from "./refusal.ts";
import { missingRow, type Row } from "./row.ts";
import { writeRows } from "./write-rows.ts";

/** An update to be applied; `settlement` is set when its round is written. */
export interface Pending {
  readonly decoded: Decoded;
  readonly update: Update;
  settlement: Settled["settlement"] | undefined;
}

/** One transaction's work on rows. */
export interface Work {
  readonly tx: Transaction;
  readonly store: Store;
  /**
   * false: the first refusal of the database is thrown as {@link Refused}, and the batch is begun again carefully.
   * true: each refusal is narrowed down, behind a savepoint, to the update that caused it.
   */
  readonly careful: boolean;
  /** Errors of no known class, and races for a row, count as refusals: they have been tried often enough. */
  readonly refuseUnknown: boolean;
  readonly rows: Map<RowId, Row>;
  /** What is read of a row, whichever of the batch's updates it is read for. */
  readonly columns: ReadColumns;
  /** Rows written since they were read. */
  readonly written: Set<RowId>;
}

/** The database refused one of the batch's rows for good. */
export class Refused extends Error {
  override readonly name = "Refused";
}

const SAVEPOINT = "SAVEPOINT rowpost";
const ROLL_BACK = "ROLLBACK TO SAVEPOINT rowpost";

/** Applies updates, in order, in as few rounds of writing as their meaning allows; settles each. */
export async function applyRounds(work: Work, updates: readonly Pending[]): Promise<void> {
  let pending = updates;
  while (pending.length > 0) {
    await readAgain(work, pending);
    const { folded, rows } = fold(
      work.rows,
      pending.map(({ update }) => update),
    );
    const [first] = pending;
    if (first !== undefined && folded[0]?.outcome === "later") {
      await applyByChanges(work, first);
      pending = pending.slice(1);
      continue;
    }
    const now = pending.filter((_, i) => folded[i]?.outcome !== "later");
    if (rows.size > 0 && !(await written(work, rows))) {
      await narrow(work, now);
    } else {
      settle(pending, folded);
    }
    pending = pending.filter((_, i) => folded[i]?.outcome === "later");
  }
}

function settle(
  pending: readonly Pending[],
  folded: readonly ReturnType<typeof fold>["folded"][number][],
): void {
  pending.forEach((one, i) => {
    const result = folded[i];
    if (result !== undefined && result.outcome !== "later") one.settlement = result;
  });
}

/** Reads again what has been written since it was read, as far as these updates touch it. */
async function readAgain(work: Work, pending: readonly Pending[]): Promise<void> {
  if (work.written.size === 0) return;
  const updates = pending.map(({ update }) => update);
  const fresh = await lockRows(work.tx, work.store.flavor, updates, work.columns, work.written);
  for (const [id, row] of fresh) {
    work.rows.set(id, row);
    work.written.delete(id);
  }
}

/** true: written. false (careful only): refused by the database and undone. */
async function written(work: Work, rows: ReadonlyMap<RowId, Row>): Promise<boolean> {
  if (work.careful) await work.tx.run(SAVEPOINT);
  try {
    await writeRows(work.tx, work.store, rows.values());
  } catch (error) {
    if (!isRefusal(work, error)) throw error;
    if (!work.careful) throw new Refused("the database refused a row", { cause: error });
    await work.tx.run(ROLL_BACK);
    return false;
  }
  for (const id of rows.keys()) work.written.add(id);
  if ([...rows.values()].some(({ exists }) => !exists)) noteCascades(work);
  return true;
}

/** Behind a delete the server may have changed rows of other tables: they are read again before they are looked at. */
function noteCascades({ rows, written: stale }: Work): void {
  for (const [id, { table }] of rows) if (table.cascadesFrom.size > 0) stale.add(id);
}

function isRefusal(work: Work, error: unknown): boolean {
  if (isRowRace(error)) return work.refuseUnknown;
  const trouble = classify(error);
  return trouble === "permanent" || (trouble === "unknown" && work.refuseUnknown);
}

/** A row that was missing when the batch looked for it is there now: another worker was faster. */
function isRowRace(error: unknown): boolean {
  const { errno, message } = databaseError(error);
  return errno === 1062 && /for key '(?:.*\.)?PRIMARY'$/s.test(message);
}

/** The round of these updates was refused: halve it until the one that is to blame stands alone. */
async function narrow(work: Work, updates: readonly Pending[]): Promise<void> {
  const [first] = updates;
  if (first !== undefined && updates.length === 1) {
    await applyByChanges(work, first);
    return;
  }
  const middle = Math.ceil(updates.length / 2);
  await applyRounds(work, updates.slice(0, middle));
  await applyRounds(work, updates.slice(middle));
}

/**
 * One update, change by change, each written before the next is looked at; undone as a whole when one cannot be. Its rows are
 * read anew: one that was missing may have come meanwhile from another worker.
 */
async function applyByChanges(work: Work, one: Pending): Promise<void> {
  const rows: WrittenRows = { touched: new Set(), found: new Set(), made: new Set(), nameless: 0 };
  for (const { row } of one.update.changes) if (row !== undefined) work.written.add(row);
  await work.tx.run(SAVEPOINT);
  one.settlement = await changeByChange(work, one, rows);
  if (one.settlement.outcome !== "applied") await work.tx.run(ROLL_BACK);
  for (const id of rows.touched) work.written.add(id);
}

/** The rows that one update has written. */
interface WrittenRows {
  readonly touched: Set<RowId>;
  /** Of these, those that were there before. */
  readonly found: Set<RowId>;
  /** Of these, those that were not, and are now. */
  readonly made: Set<RowId>;
  /** Rows whose key the server has chosen. */
  nameless: number;
}

async function changeByChange(work: Work, one: Pending, rows: WrittenRows): Promise<Settled["settlement"]> {
  for (const change of one.update.changes) {
    await readAgain(work, [one]);
    const before = (change.row && work.rows.get(change.row)) ?? missingRow(change.table, change.key);
    const verdict = foldChange(change, before);
    switch (verdict.kind) {
      case "changed":
        break;
      case "same":
        continue;
      case "equal":
        return { outcome: "unchanged" };
      case "older":
        return { outcome: "stale" };
      case "rejected":
        return { outcome: "rejected", rejection: verdict.rejection };
      case "later":
        throw new Error("a change alone waits for no other");
      default:
        verdict satisfies never;
    }
    try {
      await writeRows(work.tx, work.store, [verdict.row]);
    } catch (error) {
      if (!isRefusal(work, error)) throw error;
      return { outcome: "rejected", rejection: refusal(error, one.update, change) };
    }
    noteWritten(rows, change.row, before, verdict.row);
    if (change.row !== undefined) work.written.add(change.row);
    if (change.op === "delete") noteCascades(work);
  }
  const count = rows.touched.size + rows.nameless;
  const inserted = rows.made.size + rows.nameless;
  return count === 0 ? { outcome: "unchanged" } : { outcome: "applied", rows: count, inserted };
}

function noteWritten(rows: WrittenRows, id: RowId | undefined, before: Row, after: Row): void {
  if (id === undefined) {
    rows.nameless += 1;
    return;
  }
  if (before.exists && !rows.touched.has(id)) rows.found.add(id);
  if (!after.exists) rows.made.delete(id);
  else if (!before.exists && !rows.found.has(id)) rows.made.add(id);
  rows.touched.add(id);
}

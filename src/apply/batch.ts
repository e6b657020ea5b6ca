import type { Decoded, IdempotencyKey, Update } from "../messages/update.ts";
import { refuseNewerSchema } from "../store/newer-schema.ts";
import type { Store, Transaction } from "../store/store.ts";
import { classify, databaseError } from "../store/trouble.ts";
import { noteReplay, REPLAY_ATTRIBUTE, type Rejected, writeDeadLetters } from "./dead-letters.ts";
import { type Judgement, judge } from "./judge.ts";
import { lockRows, readColumns } from "./lock-rows.ts";
import type { Outcome, Settlement } from "./outcome.ts";
import { type Ledger, lookUpReceipts, ReceiptRace, type Settled, writeReceipts } from "./receipts.ts";
import { refusal } from "./refusal.ts";
import { applyRounds, type Pending, Refused, type Work } from "./rounds.ts";

/** What came of a batch: its commit, with one settlement for each update in the order given; or why there was none. */
export type BatchResult =
  | { readonly committed: true; readonly settlements: readonly Settlement[]; readonly times: BatchTimes }
  | { readonly committed: false; readonly trouble: "transient" | "environment"; readonly error: unknown };

/** When the transaction that committed had done each of its parts, `performance.now()`; of several, the last one. */
export interface BatchTimes {
  /** The transaction had begun. */
  readonly begun: number;
  /** The rows were locked and read. */
  readonly locked: number;
  /** The receipts were looked up. */
  readonly looked: number;
  /** Rows, receipts and dead letters were written. */
  readonly written: number;
  readonly committed: number;
}

/** Tries after which an error of no known class, or a race that never ends, counts as the data's fault. */
const PATIENCE = 5;

/**
 * Applies a batch in one transaction: locks rows, looks up receipts, folds, writes rows, receipts and dead letters, commits.
 * Never throws for the database's errors. `attempt` counts from 1 for the same batch; a batch that met a trouble may be given
 * again as it is, also after a commit whose answer was lost: the receipts know the truth.
 */
export async function applyBatch(store: Store, batch: readonly Decoded[], attempt = 1): Promise<BatchResult> {
  const impatient = attempt > PATIENCE;
  try {
    return { committed: true, ...(await transactCarefully(store, batch, impatient)) };
  } catch (error) {
    if (impatient && classify(error) === "unknown") return isolate(store, batch, attempt, error);
    return failed(isMissing(error) ? await ofNewerSchema(store, error) : error);
  }
}

/** In the hope that the database takes all of it; else once more, narrowing its refusals down. */
async function transactCarefully(store: Store, batch: readonly Decoded[], refuseUnknown: boolean) {
  try {
    return await transact(store, batch, false, refuseUnknown);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // What a newer version's migration made impossible is no fault of the data.
    await refuseNewerSchema(store);
    return await transact(store, batch, true, refuseUnknown);
  }
}

/** An error of no known class that no row's write can be blamed for: each half in a transaction of its own. */
async function isolate(
  store: Store,
  batch: readonly Decoded[],
  attempt: number,
  error: unknown,
): Promise<BatchResult> {
  const [first] = batch;
  if (first !== undefined && batch.length === 1) {
    const { update, ...rest } = first;
    if (update === undefined) return failed(error);
    return applyBatch(store, [{ ...rest, rejection: refusal(error, update) }]);
  }
  const middle = Math.ceil(batch.length / 2);
  const before = await applyBatch(store, batch.slice(0, middle), attempt);
  if (!before.committed) return before;
  const after = await applyBatch(store, batch.slice(middle), attempt);
  return after.committed ? { ...after, settlements: [...before.settlements, ...after.settlements] } : after;
}

/** A table or a column is missing. */
function isMissing(error: unknown): boolean {
  return [1054, 1146].includes(databaseError(error).errno ?? 0);
}

/** The error, or what lies behind it: a newer version has dropped or renamed what is missing. */
async function ofNewerSchema(store: Store, error: unknown): Promise<unknown> {
  try {
    await refuseNewerSchema(store);
    return error;
  } catch (cause) {
    return cause;
  }
}

function failed(error: unknown): BatchResult {
  const trouble = classify(error) === "environment" ? "environment" : "transient";
  return { committed: false, trouble, error };
}

async function transact(
  store: Store,
  batch: readonly Decoded[],
  careful: boolean,
  refuseUnknown: boolean,
): Promise<{ readonly settlements: readonly Settlement[]; readonly times: BatchTimes }> {
  const done = await store.transaction(async (tx) => {
    const begun = performance.now();
    // Rows before receipts: behind a row's lock waits the receipt of whoever held it, so a duplicate is seen at once.
    const columns = readColumns(updatesOf(batch));
    const rows = await lockRows(tx, store.flavor, updatesOf(batch), columns);
    const locked = performance.now();
    const ledger = await lookUpReceipts(
      tx,
      batch.map(({ key }) => key),
    );
    const looked = performance.now();
    const work: Work = { tx, store, careful, refuseUnknown, rows, columns, written: new Set() };
    const outcome = await settleAll(work, batch, ledger);
    await writeReceiptsOnce(tx, store, outcome.receipts, ledger);
    await writeDeadLetters(tx, store, outcome.rejected);
    for (const { decoded, outcome: of } of outcome.replays) await noteReplay(tx, decoded, of);
    return { settlements: outcome.settlements, begun, locked, looked, written: performance.now() };
  });
  const { settlements, ...times } = done;
  return { settlements, times: { ...times, committed: performance.now() } };
}

function* updatesOf(batch: readonly Decoded[]): Iterable<Update> {
  for (const { update } of batch) if (update !== undefined) yield update;
}

/** A receipt that is there although it was not a moment ago is a race, whatever the server calls it. */
async function writeReceiptsOnce(
  tx: Transaction,
  store: Store,
  receipts: ReadonlyMap<IdempotencyKey, Settled>,
  ledger: Ledger,
): Promise<void> {
  try {
    await writeReceipts(tx, store, receipts, ledger);
  } catch (error) {
    if (databaseError(error).errno !== 1062) throw error;
    throw new ReceiptRace("another transaction has written the receipt", { cause: error });
  }
}

interface Outcomes {
  readonly settlements: Settlement[];
  readonly receipts: Map<IdempotencyKey, Settled>;
  readonly rejected: Rejected[];
  readonly replays: { readonly decoded: Decoded; readonly outcome: Outcome }[];
}

/**
 * Settles every update of the batch. One whose key stands earlier in the same batch is judged after that one, by what became
 * of it.
 */
async function settleAll(work: Work, batch: readonly Decoded[], ledger: Ledger): Promise<Outcomes> {
  const settlements: Settlement[] = new Array(batch.length);
  const receipts = new Map<IdempotencyKey, Settled>();
  const rejected: Rejected[] = [];
  const replays: Outcomes["replays"] = [];
  const seen: Ledger = new Map(ledger);
  let open = [...batch.keys()];
  while (open.length > 0) {
    const turn = new Map<IdempotencyKey, { i: number; decoded: Decoded; judgement: Judgement }>();
    const later: number[] = [];
    for (const i of open) {
      const decoded = batch[i] as Decoded;
      if (turn.has(decoded.key)) later.push(i);
      else turn.set(decoded.key, { i, decoded, judgement: judge(decoded, seen.get(decoded.key)) });
    }
    const pending = [...turn.values()].flatMap(({ judgement }) => judgement.pending ?? []);
    await applyRounds(work, pending);
    for (const { i, decoded, judgement } of turn.values()) {
      const final = judgement.pending === undefined ? judgement.settlement : settlementOf(judgement.pending);
      settlements[i] = final;
      if (final.outcome === "rejected") rejected.push({ decoded, rejection: final.rejection });
      if (decoded.message.attributes[REPLAY_ATTRIBUTE] !== undefined) {
        const first = seen.get(decoded.key)?.outcome ?? "rejected";
        replays.push({ decoded, outcome: final.outcome === "duplicate" ? first : final.outcome });
      }
      if (final.outcome === "duplicate" || !judgement.receipt) continue;
      receipts.set(decoded.key, { decoded, settlement: final });
      seen.set(decoded.key, { id: undefined, fingerprint: decoded.fingerprint, outcome: final.outcome });
    }
    open = later;
  }
  return { settlements, receipts, rejected, replays };
}

function settlementOf({ settlement }: Pending): Settled["settlement"] {
  if (settlement === undefined) throw new Error("a round left an update unsettled");
  return settlement;
}

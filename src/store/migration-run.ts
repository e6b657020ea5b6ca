import type { MikroORM } from "@mikro-orm/mysql";
import { errnoOf, errorText, isEcho, type MigrationFailure } from "./migration-failure.ts";
import { type Direction, type MigrationFile, migrationPlan, migrationStatements } from "./migration-files.ts";
import { refuseObstacles } from "./migration-guard.ts";
import { baselineState, isBaseline } from "./migration-baseline.ts";
import { digestOf, type Ledger, type LedgerRow } from "./migration-ledger.ts";
import type { Session } from "./migration-session.ts";
import { structureDigest } from "./migration-structure.ts";

/** What a run tells while it runs. */
export type MigrationEvent =
  /** Another connection holds the migration lock; its id, when the server knows it. */
  | { readonly kind: "waiting"; readonly holder: number | undefined }
  | {
      readonly kind: "started";
      readonly name: string;
      readonly direction: Direction;
      /** How many of its statements an earlier run has finished. */
      readonly resumedAt: number;
      readonly steps: number;
    }
  | { readonly kind: "step"; readonly name: string; readonly step: number; readonly statement: string }
  /** The server has finished the statement; it is not recorded yet. */
  | { readonly kind: "ran"; readonly name: string; readonly step: number; readonly statement: string }
  /** A baseline, whose tables were all there. */
  | { readonly kind: "recorded"; readonly name: string }
  | { readonly kind: "finished"; readonly name: string; readonly direction: Direction; readonly ms: number };

/** Told of each event; the run goes on when the returned promise is done. */
export type Observe = (event: MigrationEvent) => void | Promise<void>;

/** Everything that running one migration needs. */
export interface Run {
  readonly orm: MikroORM;
  readonly session: Session;
  readonly ledger: Ledger;
  readonly observe: Observe;
  /** Once aborted, the run ends before its next statement. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs one migration's statements from where the last run stopped, one by one, each recorded. Undefined when it is done.
 *
 * A statement is recorded in three moves: that it is about to run (with the structure's digest), the statement, that it has
 * run. The last two share a transaction, so a DML statement and its record are one; a DDL statement commits at once, and
 * when the process dies behind it, the next run finds the structure changed and takes the statement's error for an echo.
 */
export async function runMigration(
  run: Run,
  file: MigrationFile,
  direction: Direction,
  row: LedgerRow | undefined,
): Promise<MigrationFailure | undefined> {
  const { name } = file;
  const began = performance.now();
  if (run.signal?.aborted) return { name, direction, reason: stoppedBy(run.signal), kind: "not_run" };
  const plan = await migrationPlan(run.orm, file, direction).catch((error: Error) => error);
  if (plan instanceof Error) return { name, direction, reason: plan.message, kind: "not_run" };
  const { statements, breaking } = plan;
  const resumed = row?.direction === direction ? row : undefined;
  const first = resumed?.stepsDone ?? 0;
  if (resumed !== undefined && resumed.doneDigest !== digestOf(statements.slice(0, first))) {
    const reason = `its first ${first} statements have taken effect, and its file has others there now; restore them`;
    return { name, direction, reason, kind: "not_run" };
  }
  const unbegun = direction === "up" && first === 0 && resumed?.running === undefined;
  const found = unbegun && isBaseline(name);
  const state = found ? await baselineState(run.session, statements) : "absent";
  if (typeof state === "object") return { name, direction, ...state, kind: "not_run" };
  if (resumed === undefined) await run.ledger.begin(name, direction, breaking);
  else await run.ledger.goOn(name, direction === "up" ? breaking : resumed.breaking);
  if (state === "there") return recordBaseline(run, name, statements);
  await run.observe({ kind: "started", name, direction, resumedAt: first, steps: statements.length });
  for (let step = first; step < statements.length; step++) {
    const inFlight = step === first ? resumed?.running : undefined;
    const failure = await runStep(run, { file, direction, statements, step, inFlight, row });
    if (failure !== undefined) return failure;
  }
  await (direction === "up" ? run.ledger.executed(name) : run.ledger.remove(name));
  await run.observe({ kind: "finished", name, direction, ms: performance.now() - began });
  return undefined;
}

/** The tables are there already. A run that dies in between has begun no statement, and the next one finds the same. */
async function recordBaseline({ ledger, observe }: Run, name: string, statements: readonly string[]) {
  await ledger.stepDone(name, statements, 0);
  await ledger.executed(name);
  await observe({ kind: "recorded", name });
  return undefined;
}

interface Step {
  readonly file: MigrationFile;
  readonly direction: Direction;
  readonly statements: readonly string[];
  /** From 0. */
  readonly step: number;
  /** The structure's digest that an earlier run noted before it began this statement. */
  readonly inFlight: string | undefined;
  /** The migration's row before this run. */
  readonly row: LedgerRow | undefined;
}

async function runStep(run: Run, at: Step): Promise<MigrationFailure | undefined> {
  const { session, ledger, observe } = run;
  const { name } = at.file;
  const statement = at.statements[at.step] ?? "";
  const place = { name, direction: at.direction, step: at.step + 1, steps: at.statements.length, statement };
  if (run.signal?.aborted) return { ...place, reason: stoppedBy(run.signal), kind: "not_run" };
  const structure = await structureDigest(session);
  const mayBeDone = at.inFlight !== undefined && at.inFlight !== structure;
  if (!mayBeDone) await ledger.running(name, structure);
  await observe({ kind: "step", name, step: place.step, statement });
  const began = performance.now();
  try {
    await session.rows("START TRANSACTION");
    const rows = await session.rows(statement).catch((error: unknown) => {
      if (!(mayBeDone && isEcho(statement, error))) throw error;
      return [];
    });
    refuseObstacles(statement, rows);
    const ms = performance.now() - began;
    await observe({ kind: "ran", name, step: place.step, statement });
    await ledger.stepDone(name, at.statements.slice(0, place.step), ms);
    await session.rows("COMMIT");
    return undefined;
  } catch (error) {
    const kind = (await recordRefusal(run, at)) ? "refused" : "lost";
    const errno = errnoOf(error);
    return { ...place, reason: errorText(error), kind, ...(errno === undefined ? {} : { errno }) };
  }
}

/**
 * Notes that nothing of the statement took effect; of a migration's first statement, that nothing was begun. True when the
 * connection still answers: only then was the error the server's answer.
 */
async function recordRefusal(run: Run, at: Step): Promise<boolean> {
  const { name } = at.file;
  try {
    await run.session.rows("ROLLBACK");
    if (at.step > 0) await run.ledger.running(name, undefined);
    else if (at.direction === "up" || at.row === undefined) await run.ledger.remove(name);
    else await run.ledger.restore(at.row, await migrationStatements(run.orm, at.file, "up"));
    return true;
  } catch {
    return false;
  }
}

function stoppedBy(signal: AbortSignal): string {
  return `stopped by ${String(signal.reason)}`;
}

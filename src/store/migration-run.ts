import type { MikroORM } from "@mikro-orm/mysql";
import { type Direction, type MigrationFile, migrationStatements } from "./migration-files.ts";
import { digestOf, type Ledger, type LedgerRow } from "./migration-ledger.ts";
import type { Session } from "./migration-session.ts";
import { structureDigest } from "./migration-structure.ts";

/** What a run tells while it runs. */
export type MigrationEvent =
  | { readonly kind: "waiting"; readonly holder: number | undefined }
  | {
      readonly kind: "started";
      readonly name: string;
      readonly direction: Direction;
      /** Statements that an earlier run has finished. */
      readonly resumedAt: number;
      readonly steps: number;
    }
  | { readonly kind: "step"; readonly name: string; readonly step: number; readonly statement: string }
  /** The server has finished the statement; it is not recorded yet. */
  | { readonly kind: "ran"; readonly name: string; readonly step: number; readonly statement: string }
  | { readonly kind: "finished"; readonly name: string; readonly direction: Direction; readonly ms: number };

/** Told of each event; the run goes on when the returned promise is done. */
export type Observe = (event: MigrationEvent) => void | Promise<void>;

/** Why a migration stopped. */
export interface MigrationFailure {
  readonly name: string;
  readonly direction: Direction;
  /** Which statement, from 1, of how many; undefined when none was tried. */
  readonly step: number | undefined;
  readonly steps: number | undefined;
  readonly statement: string | undefined;
  /** One sentence: the server's error, or what is wrong with the file. */
  readonly reason: string;
  readonly errno: number | undefined;
  /** Whether the server has refused the statement; if not, the connection was lost and it may yet have taken effect. */
  readonly refused: boolean;
}

/** Everything that running one migration needs. */
export interface Run {
  readonly orm: MikroORM;
  readonly session: Session;
  readonly ledger: Ledger;
  readonly observe: Observe;
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
  const began = performance.now();
  const refuse = (reason: string) => ({ ...failureOf(file.name, direction), reason });
  const statements = await migrationStatements(run.orm, file, direction).catch((error: Error) => error);
  if (statements instanceof Error) return refuse(statements.message);
  const resumed = row !== undefined && row.direction === direction ? row : undefined;
  const first = resumed?.stepsDone ?? 0;
  if (resumed !== undefined && resumed.doneDigest !== digestOf(statements.slice(0, first))) {
    return refuse(
      `its first ${first} statements have been run, and in its file they are others now; restore them`,
    );
  }
  if (resumed === undefined) await run.ledger.begin(file.name, direction);
  await run.observe({
    kind: "started",
    name: file.name,
    direction,
    resumedAt: first,
    steps: statements.length,
  });
  for (let step = first; step < statements.length; step++) {
    const inFlight = step === first ? resumed?.running : undefined;
    const failure = await runStep(run, { file, direction, statements, step, inFlight });
    if (failure !== undefined) return failure;
  }
  await (direction === "up" ? run.ledger.executed(file.name) : run.ledger.remove(file.name));
  await run.observe({ kind: "finished", name: file.name, direction, ms: performance.now() - began });
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
}

async function runStep(run: Run, at: Step): Promise<MigrationFailure | undefined> {
  const { session, ledger, observe } = run;
  const { name } = at.file;
  const statement = at.statements[at.step] ?? "";
  const structure = await structureDigest(session);
  const mayBeDone = at.inFlight !== undefined && at.inFlight !== structure;
  if (!mayBeDone) await ledger.running(name, structure);
  await observe({ kind: "step", name, step: at.step + 1, statement });
  try {
    await session.rows("START TRANSACTION");
    await session.rows(statement).catch((error: unknown) => {
      if (!(mayBeDone && isEcho(statement, error))) throw error;
    });
    await observe({ kind: "ran", name, step: at.step + 1, statement });
    await ledger.stepDone(name, at.statements.slice(0, at.step + 1));
    await session.rows("COMMIT");
    return undefined;
  } catch (error) {
    const refused = await recordRefusal(run, at);
    return {
      ...failureOf(name, at.direction),
      step: at.step + 1,
      steps: at.statements.length,
      statement,
      reason: errorText(error),
      errno: (error as { errno?: number }).errno,
      refused,
    };
  }
}

/** True when the connection still answers: then the server has answered the statement too, and with an error. */
async function recordRefusal(run: Run, at: Step): Promise<boolean> {
  const { name } = at.file;
  try {
    await run.session.rows("ROLLBACK");
    if (at.step > 0) await run.ledger.running(name, undefined);
    else if (at.direction === "up") await run.ledger.remove(name);
    else await run.ledger.restore(name, await migrationStatements(run.orm, at.file, "up"));
    return true;
  } catch {
    return false;
  }
}

/**
 * Errors of a DDL statement that has taken effect already (MySQL 8.4 and MariaDB 10.11 Server Error Message References).
 * They count as done only for a statement that was begun before, behind which the structure has changed.
 */
const ECHOES = new Set([
  1050,
  1051,
  1060,
  1061,
  1068,
  1091,
  1826,
  3822, // exists already, or cannot be dropped: there is none
  1005, // MariaDB: a foreign key's name exists already
  1054,
  1146,
  1176,
  3821,
  3940, // renamed away, or dropped
]);

function isEcho(statement: string, error: unknown): boolean {
  return (
    /^(create|alter|drop|rename)\b/i.test(statement) && ECHOES.has((error as { errno?: number }).errno ?? 0)
  );
}

function failureOf(name: string, direction: Direction): MigrationFailure {
  return {
    name,
    direction,
    step: undefined,
    steps: undefined,
    statement: undefined,
    reason: "",
    errno: undefined,
    refused: true,
  };
}

function errorText(error: unknown): string {
  const { sqlMessage, errno, code, message } = error as {
    sqlMessage?: string;
    errno?: number;
    code?: string;
    message: string;
  };
  return sqlMessage === undefined
    ? `${code === undefined ? "" : `${code}: `}${message}`
    : `${sqlMessage} (error ${errno})`;
}

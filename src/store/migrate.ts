import { MIGRATIONS_FOLDER, type MigrationFile, migrationFiles } from "./migration-files.ts";
import { isExecuted, type LedgerRow, ledgerRow, openLedger, SELECT_LEDGER } from "./migration-ledger.ts";
import type { MigrationFailure } from "./migration-failure.ts";
import { type Observe, type Run, runMigration } from "./migration-run.ts";
import { withMigrationLock } from "./migration-session.ts";
import type { Store } from "./store.ts";

export interface MigrateOptions {
  /** Where the migrations are; rowpost's own folder when not given. */
  readonly folder?: string | undefined;
  /** How long to wait for another run, in milliseconds; 10 minutes when not given. */
  readonly waitMs?: number | undefined;
  readonly observe?: Observe | undefined;
  /** Aborted: the run ends before its next statement, or stops waiting for the lock. */
  readonly signal?: AbortSignal | undefined;
}

export type MigrateResult =
  /** All that was asked for is done; `ran` names the migrations that this run has finished, in order. */
  | { readonly outcome: "done"; readonly ran: readonly string[] }
  | { readonly outcome: "failed"; readonly ran: readonly string[]; readonly failure: MigrationFailure }
  /** Nothing was begun: one sentence says why. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** Another run held the lock all the time; the id of its connection, when the server knows it. */
  | { readonly outcome: "busy"; readonly holder: number | undefined };

/**
 * Runs the pending migrations in the order of their names, up to and with `to`, under the database's migration lock: of
 * several at once, one works and the others then find nothing to do. Goes on where a run that died has stopped. Errors of
 * the connection outside a migration's statements are thrown as the driver threw them.
 */
export function migrateUp(
  store: Store,
  options: MigrateOptions & { readonly to?: string | undefined } = {},
): Promise<MigrateResult> {
  return locked(store, options, async (run, files) => {
    if (options.to !== undefined && !files.some(({ name }) => name === options.to)) {
      return refused(`there is no migration ${options.to}`);
    }
    const rows = byName(await run.ledger.rows());
    for (const row of rows.values()) {
      if (isExecuted(row)) continue;
      if (row.direction === "down") return refused(`${row.name} is half taken back: ${FINISH.down}`);
      if (!files.some(({ name }) => name === row.name))
        return refused(`${row.name} is half done: ${NO_FILE}`);
    }
    const pending = files.filter(({ name }) => !isExecutedName(rows, name));
    const wanted = pending.filter(({ name }) => options.to === undefined || name <= options.to);
    return runAll(run, wanted, "up", rows);
  });
}

const FINISH = {
  up: "finish that with `rowpost migrate up` first",
  down: "finish that with `rowpost migrate down` first",
};
const NO_FILE =
  "and its file is not there, so its statements are not known; use the version of rowpost that has it";

/** How far to go back: a number of migrations, all of them, or until `to` is the last one executed. */
export type DownTarget = { readonly steps: number } | { readonly to: string };

/**
 * Takes executed migrations back, the last one begun first; a half taken back one counts as the first. With the same lock,
 * records and errors as {@link migrateUp}.
 */
export function migrateDown(
  store: Store,
  target: DownTarget,
  options: MigrateOptions = {},
): Promise<MigrateResult> {
  return locked(store, options, async (run, files) => {
    const ledger = (await run.ledger.rows()).reverse();
    const half = ledger.find((row) => row.direction === "up" && !isExecuted(row));
    if (half !== undefined) {
      return refused(`${half.name} is half done: ${FINISH.up}`);
    }
    const end = "to" in target ? ledger.findIndex(({ name }) => name === target.to) : target.steps;
    if (end < 0 && "to" in target) return refused(`${target.to} is not among the executed migrations`);
    const wanted = ledger.slice(0, end);
    const missing = wanted.find(({ name }) => !files.some((file) => file.name === name));
    if (missing !== undefined) {
      return refused(`${missing.name} is executed: ${NO_FILE}`);
    }
    const order = wanted.map(({ name }) => files.find((file) => file.name === name) as MigrationFile);
    return runAll(run, order, "down", byName(ledger));
  });
}

/** The names of the migrations that this database has not (or not wholly) executed, in order. One short query. */
export async function pendingMigrations(store: Store, folder = MIGRATIONS_FOLDER): Promise<string[]> {
  const [files, rows] = await Promise.all([migrationFiles(folder), readLedger(store)]);
  const known = byName(rows);
  const half = rows.filter((row) => !isExecuted(row)).map(({ name }) => name);
  const open = files.map(({ name }) => name).filter((name) => !isExecutedName(known, name));
  return [...new Set([...open, ...half])].sort();
}

/** One migration as {@link migrationStatus} tells it. `no_file`: executed, but its file is not in the folder. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: "pending" | "executed" | "half_done" | "half_taken_back" | "no_file";
  /** UTC, as MySQL prints DATETIME(6). */
  readonly executedAt: string | undefined;
  /** Statements finished, of one that is half done or half taken back. */
  readonly stepsDone: number;
}

/** Every migration of the folder and of the database, in the order of their names. Reads only, without the lock. */
export async function migrationStatus(store: Store, folder = MIGRATIONS_FOLDER): Promise<MigrationStatus[]> {
  const [files, rows] = await Promise.all([migrationFiles(folder), readLedger(store)]);
  const known = byName(rows);
  const inFolder = new Set(files.map(({ name }) => name));
  return [...new Set([...inFolder, ...known.keys()])].sort().map((name) => {
    const row = known.get(name);
    const state = row === undefined ? "pending" : stateOf(row, inFolder.has(name));
    return { name, state, executedAt: row?.executedAt, stepsDone: row?.stepsDone ?? 0 };
  });
}

function stateOf(row: LedgerRow, hasFile: boolean): MigrationStatus["state"] {
  if (row.direction === "down") return "half_taken_back";
  if (row.executedAt === undefined) return "half_done";
  return hasFile ? "executed" : "no_file";
}

/** The ledger without the lock; a database that never saw a migration has none. */
async function readLedger(store: Store): Promise<LedgerRow[]> {
  try {
    return (await store.select(SELECT_LEDGER)).map(ledgerRow);
  } catch (error) {
    if ((error as { errno?: number }).errno === 1146) return [];
    throw error;
  }
}

async function locked(
  store: Store,
  options: MigrateOptions,
  work: (run: Run, files: readonly MigrationFile[]) => Promise<MigrateResult>,
): Promise<MigrateResult> {
  const files = await migrationFiles(options.folder ?? MIGRATIONS_FOLDER);
  const observe = options.observe ?? (() => {});
  const waiting = (holder: number | undefined) => observe({ kind: "waiting", holder });
  const { signal, waitMs = 600_000 } = options;
  const result = await withMigrationLock(store, { waitMs, signal, waiting }, async (session) => {
    const ledger = await openLedger(session);
    return work({ orm: store.orm, session, ledger, observe, signal }, files);
  });
  return result.locked ? result.value : { outcome: "busy", holder: result.holder };
}

async function runAll(
  run: Run,
  files: readonly MigrationFile[],
  direction: "up" | "down",
  rows: ReadonlyMap<string, LedgerRow>,
): Promise<MigrateResult> {
  const ran: string[] = [];
  for (const file of files) {
    const failure = await runMigration(run, file, direction, rows.get(file.name));
    if (failure !== undefined) return { outcome: "failed", ran, failure };
    ran.push(file.name);
  }
  return { outcome: "done", ran };
}

function refused(reason: string): MigrateResult {
  return { outcome: "refused", reason };
}

function byName(rows: readonly LedgerRow[]): ReadonlyMap<string, LedgerRow> {
  return new Map(rows.map((row) => [row.name, row]));
}

function isExecutedName(rows: ReadonlyMap<string, LedgerRow>, name: string): boolean {
  const row = rows.get(name);
  return row !== undefined && isExecuted(row);
}

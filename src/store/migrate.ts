import { MIGRATIONS_FOLDER, type MigrationFile, migrationFiles } from "./migration-files.ts";
import { isExecuted, type LedgerRow, openLedger } from "./migration-ledger.ts";
import type { MigrationFailure } from "./migration-failure.ts";
import { type Observe, type Run, runMigration } from "./migration-run.ts";
import { withMigrationLock } from "./migration-session.ts";
import { byName } from "./migration-status.ts";
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
    const pending = files.filter(({ name }) => !isExecuted(rows.get(name)));
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

import { MIGRATIONS_FOLDER, migrationFiles } from "./migration-files.ts";
import { isExecuted, type LedgerRow, ledgerRow, SELECT_LEDGER } from "./migration-ledger.ts";
import type { Store } from "./store.ts";

/** One migration as {@link migrationStatus} tells it. */
export interface MigrationStatus {
  readonly name: string;
  /**
   * `half_done`, `half_taken_back`: a run of `up`, or of `down`, has stopped in the middle or is at work. `no_file`: executed,
   * but its file is not in the folder: another version of rowpost ran it.
   */
  readonly state: "pending" | "executed" | "half_done" | "half_taken_back" | "no_file";
  /** Times are UTC, as MySQL prints DATETIME(6). Undefined when pending, or run by a version that did not record it. */
  readonly begunAt: string | undefined;
  readonly executedAt: string | undefined;
  /** What its statements took, in milliseconds. */
  readonly tookMs: number | undefined;
  /** Statements finished, of one that is half done or half taken back. */
  readonly stepsDone: number;
  /** Who ran it last: the login as CURRENT_USER() says, the machine's host name, the version of rowpost. */
  readonly runBy: string | undefined;
  readonly host: string | undefined;
  readonly version: string | undefined;
  /** What workers that do not know it cannot live with. */
  readonly breaking: string | undefined;
}

/** Every migration of the folder and of the database, in the order of their names. Reads only, without the lock. */
export async function migrationStatus(store: Store, folder = MIGRATIONS_FOLDER): Promise<MigrationStatus[]> {
  const [files, rows] = await Promise.all([migrationFiles(folder), readLedger(store)]);
  const known = byName(rows);
  const inFolder = new Set(files.map(({ name }) => name));
  return [...new Set([...inFolder, ...known.keys()])].sort().map((name) => {
    const row = known.get(name);
    const state = row === undefined ? "pending" : stateOf(row, inFolder.has(name));
    return {
      name,
      state,
      begunAt: row?.begunAt,
      executedAt: row?.executedAt,
      tookMs: row?.tookMs,
      stepsDone: row?.stepsDone ?? 0,
      runBy: row?.runBy,
      host: row?.host,
      version: row?.version,
      breaking: row?.breaking,
    };
  });
}

function stateOf(row: LedgerRow, hasFile: boolean): MigrationStatus["state"] {
  if (row.direction === "down") return "half_taken_back";
  if (row.executedAt === undefined) return "half_done";
  return hasFile ? "executed" : "no_file";
}

/**
 * The names of the folder's migrations that this database has not (or not wholly) executed, in order. What another version's
 * runs are in the middle of is not ours: `refuseNewerSchema` says whether that stands in the way. One short query.
 */
export async function pendingMigrations(store: Store, folder = MIGRATIONS_FOLDER): Promise<string[]> {
  const [files, rows] = await Promise.all([migrationFiles(folder), readLedger(store)]);
  const known = byName(rows);
  return files.map(({ name }) => name).filter((name) => !isExecuted(known.get(name)));
}

/** The ledger without the lock; a database that never saw a migration has none. */
export async function readLedger(store: Store): Promise<LedgerRow[]> {
  try {
    return (await store.select(SELECT_LEDGER)).map(ledgerRow);
  } catch (error) {
    if ((error as { errno?: number }).errno === 1146) return [];
    throw error;
  }
}

export function byName(rows: readonly LedgerRow[]): ReadonlyMap<string, LedgerRow> {
  return new Map(rows.map((row) => [row.name, row]));
}

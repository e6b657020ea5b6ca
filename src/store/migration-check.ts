import { schemaChange } from "./migration-diff.ts";
import { liveDrift } from "./migration-drift.ts";
import { MIGRATIONS_FOLDER } from "./migration-files.ts";
import { withSession } from "./migration-session.ts";
import { migrationStatus } from "./migration-status.ts";
import type { Store } from "./store.ts";

/** What {@link checkMigrations} has found; nothing anywhere: all is in order. */
export interface MigrationCheck {
  /** Statements that the definitions ask for and no migration has: one is to be created. */
  readonly missing: readonly string[];
  /** Migrations that the database has not (or not wholly) executed. */
  readonly pending: readonly string[];
  /** Migrations that the database has executed and whose files are not there. */
  readonly unknown: readonly string[];
  /**
   * In what the live tables differ from the definitions, a sentence each; undefined when they were not compared, because
   * a migration is missing or pending and they differ for that reason.
   */
  readonly drift: readonly string[] | undefined;
}

/**
 * Compares the definitions, the migrations and the live database with one another. Reads only, apart from a temporary table
 * of its own connection. Errors of the connection are thrown.
 */
export async function checkMigrations(store: Store, folder = MIGRATIONS_FOLDER): Promise<MigrationCheck> {
  const change = await schemaChange(store.orm, folder);
  const status = await migrationStatus(store, folder);
  const names = (wanted: (state: string) => boolean) =>
    status.filter(({ state }) => wanted(state)).map(({ name }) => name);
  const pending = names((state) => state !== "executed" && state !== "no_file");
  const comparable = change.up.length === 0 && pending.length === 0;
  const drift = comparable ? await withSession(store, (session) => liveDrift(session, store.orm)) : undefined;
  return { missing: change.up, pending, unknown: names((state) => state === "no_file"), drift };
}

/** Nothing was found, and the live tables were compared. */
export function isInOrder(check: MigrationCheck): boolean {
  const { missing, pending, unknown, drift } = check;
  return missing.length + pending.length + unknown.length === 0 && drift?.length === 0;
}

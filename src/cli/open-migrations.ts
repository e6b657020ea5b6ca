import { readConfig } from "../config.ts";
import {
  type DownTarget,
  migrateDown,
  type MigrateOptions,
  type MigrateResult,
  migrateUp,
} from "../store/migrate.ts";
import { checkMigrations, type MigrationCheck } from "../store/migration-check.ts";
import { createMigration, type CreateOptions, type CreateResult } from "../store/migration-create.ts";
import { MIGRATIONS_FOLDER } from "../store/migration-files.ts";
import { type MigrationStatus, migrationStatus } from "../store/migration-status.ts";
import { openStore } from "../store/open-store.ts";
import type { Registry } from "../tables/definition.ts";
import { databaseOptions } from "./context.ts";
import { shippedTables } from "./with-store.ts";

export interface MigrationsOptions {
  /** Where the migrations are; rowpost's own folder when not given. */
  readonly folder?: string;
  /** The tables that `check` and `create` compare with; the shipped ones when not given. */
  readonly tables?: Registry;
}

type Running = Omit<MigrateOptions, "folder">;

/** What `rowpost migrate` does, for a program of one's own, on one open database. */
export interface Migrations extends AsyncDisposable {
  up(options?: Running & { readonly to?: string }): Promise<MigrateResult>;
  /** One migration back when no target is given. */
  down(target?: DownTarget, options?: Running): Promise<MigrateResult>;
  status(): Promise<MigrationStatus[]>;
  check(): Promise<MigrationCheck>;
  create(options?: Omit<CreateOptions, "folder">): Promise<CreateResult>;
}

/**
 * Opens the database that the environment names, by the same variables as the commands. What was expected to happen is in the
 * results; throws what is wrong with the environment, and the driver's errors.
 *
 * ```ts
 * await using migrations = await openMigrations(process.env);
 * const result = await migrations.up();
 * if (result.outcome !== "done") throw new Error(JSON.stringify(result));
 * ```
 */
export async function openMigrations(
  environment: Readonly<Record<string, string | undefined>>,
  { folder = MIGRATIONS_FOLDER, tables }: MigrationsOptions = {},
): Promise<Migrations> {
  const { config, faults } = readConfig(environment);
  if (config === undefined) throw new Error(`the environment has faults: ${faults.join("; ")}`);
  const registry = tables ?? (await shippedTables());
  const store = await openStore(databaseOptions(config), registry, 2);
  return {
    up: (options = {}) => migrateUp(store, { ...options, folder }),
    down: (target = { steps: 1 }, options = {}) => migrateDown(store, target, { ...options, folder }),
    status: () => migrationStatus(store, folder),
    check: () => checkMigrations(store, folder),
    create: (options = {}) => createMigration(registry, { ...options, folder }),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

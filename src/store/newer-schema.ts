import { MIGRATIONS_FOLDER, migrationFiles } from "./migration-files.ts";
import { readLedger } from "./migration-status.ts";
import type { Store } from "./store.ts";

/** The database has a breaking migration that this program does not know; the message says which, and what to do. */
export class NewerSchema extends Error {
  override readonly name = "NewerSchema";
  readonly code = NEWER_SCHEMA;
}

/** The code of {@link NewerSchema}, a trouble of the environment. */
export const NEWER_SCHEMA = "NEWER_SCHEMA";

/**
 * Throws {@link NewerSchema} when the database has executed or begun a breaking migration, in part or wholly, that the folder
 * does not have; it counts until it is wholly taken back. Unknown migrations that only add are no obstacle. One short query;
 * what the driver throws is thrown on.
 */
export async function refuseNewerSchema(store: Store, folder = MIGRATIONS_FOLDER): Promise<void> {
  const breaking = (await readLedger(store)).filter((row) => row.breaking !== undefined);
  if (breaking.length === 0) return;
  const ours = new Set((await migrationFiles(folder)).map(({ name }) => name));
  const unknown = breaking.find(({ name }) => !ours.has(name));
  if (unknown === undefined) return;
  throw new NewerSchema(
    `this version of rowpost does not know migration ${unknown.name} and cannot work behind it ` +
      `(${unknown.breaking}); run the newer version`,
  );
}

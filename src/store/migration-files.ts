import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Migration } from "@mikro-orm/migrations";
import type { MikroORM } from "@mikro-orm/mysql";

/** The folder of rowpost's own migrations. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));

export type Direction = "up" | "down";

/** A migration's file; its name is the file's without the extension, and sorts by when it was made. */
export interface MigrationFile {
  readonly name: string;
  readonly path: string;
}

/** All migrations of a folder, in the order in which they run. Rejects when the folder is not there: it was left out. */
export async function migrationFiles(folder: string): Promise<MigrationFile[]> {
  return (await readdir(folder))
    .filter((entry) => entry.endsWith(".ts") && !entry.endsWith(".d.ts"))
    .sort()
    .map((entry) => ({ name: entry.slice(0, -3), path: resolve(folder, entry) }));
}

/**
 * The statements that a migration would run, one for each `addSql`, without trailing semicolons. The file is imported and its
 * `up` or `down` called; nothing of it reaches the database. Throws a sentence when the file is no migration.
 */
export async function migrationStatements(
  orm: MikroORM,
  file: MigrationFile,
  direction: Direction,
): Promise<string[]> {
  const module = (await import(pathToFileURL(file.path).href)) as Record<string, unknown>;
  const found = Object.values(module).find(isMigrationClass);
  if (found === undefined) throw new Error(`${file.name}.ts exports no class with an \`up\` method`);
  const migration = new found(orm.em.getDriver(), orm.config);
  await migration[direction]();
  return migration.getQueries().map((query) => {
    if (typeof query !== "string") throw new Error(`${file.name}.ts: addSql takes a string of SQL`);
    return query.trim().replace(/;$/, "");
  });
}

type MigrationClass = new (...args: ConstructorParameters<typeof Migration>) => Migration;

function isMigrationClass(value: unknown): value is MigrationClass {
  return typeof value === "function" && typeof value.prototype?.up === "function";
}

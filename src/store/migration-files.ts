import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Migration } from "@mikro-orm/migrations";
import type { MikroORM } from "@mikro-orm/mysql";
import { PROJECT } from "../project.ts";

/** The folder of rowpost's own migrations. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("migrations", PROJECT));

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

/** What a migration does. */
export interface MigrationPlan {
  /** One for each `addSql`, without trailing semicolons. */
  readonly statements: readonly string[];
  /** The reasons of its `// breaking:` lines, one after the other; undefined when it has none, as `down` always. */
  readonly breaking: string | undefined;
}

/**
 * Reads a migration. The file is imported and its `up` or `down` called; nothing of it reaches the database. Throws a
 * sentence when the file is no migration.
 */
export async function migrationPlan(
  orm: MikroORM,
  file: MigrationFile,
  direction: Direction,
): Promise<MigrationPlan> {
  const module = (await import(pathToFileURL(file.path).href)) as Record<string, unknown>;
  const found = Object.values(module).find(isMigrationClass);
  if (found === undefined) throw new Error(`${file.name}.ts exports no class with an \`up\` method`);
  const migration = new found(orm.em.getDriver(), orm.config);
  await migration[direction]();
  const statements = migration.getQueries().map((query) => {
    if (typeof query !== "string") throw new Error(`${file.name}.ts: addSql takes a string of SQL`);
    return query.trim().replace(/;$/, "");
  });
  return { statements, breaking: direction === "up" ? breakingOf(found) : undefined };
}

/** The statements of {@link migrationPlan}. */
export async function migrationStatements(
  orm: MikroORM,
  file: MigrationFile,
  direction: Direction,
): Promise<readonly string[]> {
  return (await migrationPlan(orm, file, direction)).statements;
}

/** A method's text holds its comments: Node strips types and nothing else (Node.js documentation, "Modules: TypeScript"). */
function breakingOf(migration: MigrationClass): string | undefined {
  const text = String(migration.prototype.up);
  const reasons = [...text.matchAll(/^\s*\/\/ breaking: *(\S.*?)\s*$/gm)].map(([, reason]) => reason);
  return reasons.length === 0 ? undefined : [...new Set(reasons)].join("; ");
}

type MigrationClass = (new (
  ...args: ConstructorParameters<typeof Migration>
) => Migration) & {
  readonly prototype: Migration;
};

function isMigrationClass(value: unknown): value is MigrationClass {
  return typeof value === "function" && typeof value.prototype?.up === "function";
}

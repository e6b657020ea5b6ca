import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createConnection } from "mysql2/promise";
import { tablesCommand } from "../../src/cli/tables.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { loadDefinitions, registryOf } from "../../src/tables/registry.ts";
import { type Finished, runCommand } from "./run-command.ts";
import type { Scope, TestDatabase } from "./servers.ts";

const ROOT = join(import.meta.dirname, "../..");

/** An empty folder in the project, as definitions import what it has installed; gone after the test. */
export async function definitionFolder(scope: Scope): Promise<string> {
  await mkdir(join(ROOT, ".rowpost"), { recursive: true });
  const folder = await mkdtemp(join(ROOT, ".rowpost/definitions-"));
  scope.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `rowpost tables import` into a folder. */
export function importInto(
  folder: string,
  database: TestDatabase,
  ...args: readonly string[]
): Promise<Finished> {
  const { environment } = database;
  return runCommand(tablesCommand, ["import", "--folder", folder, ...args], { environment });
}

/** The registry of a folder's definitions. */
export async function registryIn(folder: string): Promise<Registry> {
  return registryOf(await loadDefinitions(pathToFileURL(`${folder}/`)));
}

/** The files of a folder, name → text. */
export async function textsIn(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
  );
}

/** Runs statements on one connection, on which foreign keys are not checked: tables may refer to later ones. */
export async function runUnchecked(database: TestDatabase, statements: readonly string[]): Promise<void> {
  const { environment: at } = database;
  const connection = await createConnection({
    host: String(at["INSTANCE_HOST"]),
    port: database.port,
    user: String(at["DB_USER"]),
    password: String(at["DB_PASS"]),
    database: database.name,
    charset: "utf8mb4",
  });
  try {
    for (const statement of ["SET foreign_key_checks = 0", ...statements]) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MigrationEvent } from "../../src/store/migration-run.ts";
import { type MigrationStep, migrationSource } from "../../src/store/migration-source.ts";
import type { DatabaseOptions } from "../../src/store/database-options.ts";
import type { Scope } from "./servers.ts";

const ROOT = join(import.meta.dirname, "../..");

/** An empty folder for migrations, in the project, as their files import what it has installed; gone after the test. */
export async function migrationFolder(scope: Scope): Promise<string> {
  await mkdir(join(ROOT, ".rowpost"), { recursive: true });
  const folder = await mkdtemp(join(ROOT, ".rowpost/migrations-"));
  scope.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a migration of these statements under its whole name. */
export async function writeMigration(
  folder: string,
  name: string,
  up: readonly (string | MigrationStep)[],
  down: readonly string[] = [],
): Promise<void> {
  await writeFile(
    join(folder, `${name}.ts`),
    migrationSource({ className: "Written", about: [name], up, down }),
  );
}

/** Where a run is stopped: before (`step`) or behind (`ran`, not yet recorded) its nth statement. */
export interface StopAt {
  readonly direction: "up" | "down";
  readonly kind: Extract<MigrationEvent["kind"], "step" | "ran">;
  readonly step: number;
}

/** A process that migrates. */
export interface MigratingProcess {
  /** Resolves when it stands where it was to stop. */
  readonly stopped: Promise<void>;
  /** Ends it as kill -9 does. */
  kill(): Promise<void>;
}

/** Starts a process that migrates a database and stops for good at one place. */
export function startMigrating(
  scope: Scope,
  database: DatabaseOptions,
  folder: string,
  at: StopAt,
): MigratingProcess {
  const { address, user, password, name, connectTimeoutMs, statementTimeoutMs } = database;
  const options = { address, user, password, name, connectTimeoutMs, statementTimeoutMs };
  const program = join(import.meta.dirname, "migrating-process.ts");
  const child = spawn(process.execPath, [program, JSON.stringify({ database: options, folder, at })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  scope.after(() => kill(child));
  return { stopped: stoppedLine(child), kill: () => kill(child) };
}

async function stoppedLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("its output is piped");
  for await (const line of createInterface({ input: child.stdout })) if (line === "stopped") return;
  throw new Error("the migrating process ended before it came there");
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

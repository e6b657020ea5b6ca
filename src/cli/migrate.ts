import { relative, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { migrateDown, type MigrateResult, migrateUp } from "../store/migrate.ts";
import { MIGRATIONS_FOLDER } from "../store/migration-files.ts";
import { migrationStatus } from "../store/migration-status.ts";
import type { Store } from "../store/store.ts";
import { type CliContext, CliError } from "./context.ts";
import { checkLines, failureText, progress, statusLines } from "./migrate-text.ts";
import { shippedTables, type Tables, withStore } from "./with-store.ts";

/** Whose migrations: the definitions, and the folder that holds what was made of them. */
export interface MigrationPlace {
  readonly tables: Tables;
  readonly folder: string;
}

const SHIPPED: MigrationPlace = { tables: shippedTables, folder: MIGRATIONS_FOLDER };

/** `rowpost migrate up|down|status|create|check`. Exit codes: 0 done or in order, 1 failed or not in order, 2 wrong use. */
export function migrateCommand(context: CliContext, place: MigrationPlace = SHIPPED): Command {
  const command = new Command("migrate").description(
    "Brings the database's tables to what the definitions say",
  );
  for (const make of [upCommand, downCommand, statusCommand, createCommand, checkCommand]) {
    command.addCommand(make(context, place).addOption(folderOption()));
  }
  return command;
}

interface PlaceFlags {
  readonly folder?: string;
}

interface RunFlags extends PlaceFlags {
  readonly to?: string;
  readonly wait: number;
}

function upCommand(context: CliContext, shipped: MigrationPlace): Command {
  return new Command("up")
    .description("Runs the pending migrations; goes on where a run that died has stopped")
    .option("--to <name>", "stop behind this migration")
    .addOption(waitOption())
    .action((flags: RunFlags) => {
      const place = placeOf(shipped, flags);
      const { to, wait } = flags;
      return inStore(context, place, async (store) => {
        report(context, place, "up", await migrateUp(store, { ...runOptions(context, place, wait), to }));
      });
    });
}

function downCommand(context: CliContext, shipped: MigrationPlace): Command {
  return new Command("down")
    .description("Takes the last migration back, and what its tables and columns hold with it")
    .addOption(new Option("--to <name>", "take all back that came after this one").conflicts("all"))
    .option("--all", "take all back")
    .addOption(waitOption())
    .action((flags: RunFlags & { readonly all?: true }) => {
      const place = placeOf(shipped, flags);
      const { to, all, wait } = flags;
      return inStore(context, place, async (store) => {
        const target = to === undefined ? { steps: all ? Number.POSITIVE_INFINITY : 1 } : { to };
        report(context, place, "down", await migrateDown(store, target, runOptions(context, place, wait)));
      });
    });
}

function statusCommand(context: CliContext, shipped: MigrationPlace): Command {
  return new Command("status")
    .description("Lists the migrations: executed or pending, when, how long, and by whom")
    .addOption(jsonOption())
    .action(({ json, ...flags }: PlaceFlags & JsonFlag) => {
      const place = placeOf(shipped, flags);
      return inStore(context, place, async (store) => {
        const status = await migrationStatus(store, place.folder);
        write(context, json ? [jsonText(status)] : statusLines(status));
      });
    });
}

interface CreateFlags extends PlaceFlags {
  readonly blank?: true;
  readonly baseline?: true;
}

function createCommand(context: CliContext, shipped: MigrationPlace): Command {
  return new Command("create")
    .description("Writes a migration of what the definitions say and no migration does; needs no database")
    .argument("[name]", "what it does, in a few words; made from the change when not given")
    .option("--blank", "without statements, to be written by hand")
    .addOption(
      new Option("--baseline", "of tables that are there already: recorded where they are").conflicts(
        "blank",
      ),
    )
    .action(async (name: string | undefined, flags: CreateFlags) => {
      const place = placeOf(shipped, flags);
      const { blank, baseline } = flags;
      const { createMigration } = await import("../store/migration-create.ts");
      const result = await createMigration(await place.tables(), {
        folder: place.folder,
        name,
        blank,
        baseline,
      });
      switch (result.outcome) {
        case "nothing":
          throw new CliError("nothing to do: the migrations already make what the definitions say");
        case "refused":
          throw new CliError(result.reason, 2);
        case "created":
          write(context, [
            `created ${relative(process.cwd(), result.path)}`,
            ...result.notes.map((note) => `  note: ${note}`),
            "Read it, correct it where needed, and commit it with .snapshot.json; `rowpost migrate up` runs it.",
          ]);
          return;
        default:
          result satisfies never;
      }
    });
}

function checkCommand(context: CliContext, shipped: MigrationPlace): Command {
  return new Command("check")
    .description("Fails when definitions, migrations and the live tables are not the same")
    .addOption(jsonOption())
    .action(({ json, ...flags }: PlaceFlags & JsonFlag) => {
      const place = placeOf(shipped, flags);
      return inStore(context, place, async (store) => {
        const { checkMigrations, isInOrder } = await import("../store/migration-check.ts");
        const check = await checkMigrations(store, place.folder);
        const inOrder = isInOrder(check);
        write(context, json ? [jsonText({ inOrder, ...check })] : checkLines(check));
        context.exitCode(inOrder ? 0 : 1);
      });
    });
}

interface JsonFlag {
  readonly json?: true;
}

const jsonOption = () => new Option("--json", "one JSON document, for programs");

/** What is undefined is there as null. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (member === undefined ? null : member), 2);
}

function folderOption(): Option {
  return new Option("--folder <folder>", "where the migrations are, when not in rowpost's own folder");
}

function placeOf(shipped: MigrationPlace, { folder }: PlaceFlags): MigrationPlace {
  return folder === undefined ? shipped : { ...shipped, folder: resolve(folder) };
}

function inStore(
  context: CliContext,
  place: MigrationPlace,
  work: (store: Store) => Promise<void>,
): Promise<void> {
  return withStore(context, place.tables, 2, work);
}

function runOptions(context: CliContext, place: MigrationPlace, waitSeconds: number) {
  const observe = progress((line) => write(context, [line]));
  return { folder: place.folder, waitMs: waitSeconds * 1000, observe, signal: context.signal };
}

function waitOption(): Option {
  return new Option("--wait <seconds>", "how long to wait for another run").default(600).argParser((text) => {
    const seconds = Number(text);
    if (!(seconds >= 0 && seconds <= 86_400))
      throw new InvalidArgumentError("a number of seconds, up to 86400.");
    return seconds;
  });
}

function report(
  context: CliContext,
  place: MigrationPlace,
  direction: "up" | "down",
  result: MigrateResult,
): void {
  switch (result.outcome) {
    case "done":
      if (result.ran.length === 0)
        write(context, [direction === "up" ? "nothing pending" : "nothing to take back"]);
      return;
    case "failed":
      throw new CliError(failureText(result.failure, relative(process.cwd(), place.folder)));
    case "refused":
      throw new CliError(result.reason);
    case "busy":
      throw new CliError(
        `another run holds the migration lock (connection ${result.holder ?? "unknown"}); nothing was begun. ` +
          "Wait for it or end that connection, then run this again.",
      );
    default:
      result satisfies never;
  }
}

function write(context: CliContext, lines: readonly string[]): void {
  for (const line of lines) context.stdout.write(`${line}\n`);
}

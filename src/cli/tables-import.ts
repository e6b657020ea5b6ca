import { relative } from "node:path";
import { Command, Option } from "commander";
import { listTables, readTable } from "../store/read-tables.ts";
import type { Store } from "../store/store.ts";
import { isOwnTable, registryOf } from "../tables/registry.ts";
import type { CliContext } from "./context.ts";
import { definitionText } from "./import-definition.ts";
import {
  DEFINITIONS,
  definitionFiles,
  fileNameOf,
  fileNames,
  libraryOf,
  writeDefinition,
} from "./import-files.ts";
import { printable } from "./printable.ts";
import { withStore } from "./with-store.ts";

interface Flags {
  readonly folder: string;
  readonly force?: true;
  readonly dryRun?: true;
}

/**
 * `rowpost tables import [TABLE…]`: writes a definition of each table of the configured database. Exit codes: 0 all that was
 * asked for is there, 1 a table could not be imported (the others are), 2 wrong use.
 */
export function importCommand(context: CliContext): Command {
  return new Command("import")
    .description("Writes definitions of the tables that the database has; changes nothing in the database")
    .argument("[tables...]", "the tables' names; all that have no definition when not given")
    .addOption(
      new Option("--folder <folder>", "where the files go").default(DEFINITIONS, "src/tables/definitions"),
    )
    .option("--force", "write definitions anew that are there already")
    .option("--dry-run", "print the files and write none")
    .addHelpText("after", NEXT)
    .action((names: string[], flags: Flags) =>
      withStore(
        context,
        async () => registryOf([]),
        2,
        async (store) => {
          const done = await importTables(context, store, names, flags);
          if (done.leftOut > 0) context.exitCode(1);
          if (done.written > 0) context.stdout.write(NEXT);
        },
      ),
    );
}

const NEXT = `
Next: read the files and take away what updates must not do (operations, readOnly). Then
  rowpost migrate create --baseline   writes the migration that makes these tables where they are not
  rowpost migrate up                  runs it there, and only records it where they are
  rowpost migrate check               compares definitions, migrations and the live tables
  rowpost tables schemas              prints the contract of the new tables
`;

interface Done {
  readonly written: number;
  readonly leftOut: number;
}

async function importTables(
  context: CliContext,
  store: Store,
  names: readonly string[],
  flags: Flags,
): Promise<Done> {
  const types = await listTables(store);
  const defined = await definitionFiles(flags.folder);
  const taken = await fileNames(flags.folder);
  const seen = new Set<string>();
  let written = 0;
  let leftOut = 0;
  for (const name of names.length > 0 ? new Set(names) : types.keys()) {
    const asked = names.length > 0;
    if (!asked && isOwnTable(name)) continue;
    const file = defined.get(name.toLowerCase());
    const why =
      clashOf(name, seen) ?? (file !== undefined && !flags.force && asked ? thereAlready(file) : undefined);
    seen.add(name.toLowerCase());
    if (file !== undefined && !flags.force && why === undefined) continue;
    const outcome =
      why ?? (await importTable(context, store, { name, type: types.get(name), file, taken, flags }));
    if (outcome === undefined) written++;
    else {
      leftOut++;
      context.stderr.write(`left out ${printable(name)}: ${outcome}\n`);
    }
  }
  if (written + leftOut === 0) context.stdout.write("every table has its definition already\n");
  return { written: flags.dryRun ? 0 : written, leftOut };
}

const thereAlready = (file: string) => `${file} defines it already; --force writes that anew`;

function clashOf(name: string, seen: ReadonlySet<string>): string | undefined {
  if (isOwnTable(name)) return "rowpost owns this table";
  return seen.has(name.toLowerCase())
    ? "another table's name differs from it in letter case only"
    : undefined;
}

interface Wanted {
  readonly name: string;
  readonly type: string | undefined;
  /** The file that defines the table now. */
  readonly file: string | undefined;
  /** Names of files that are there; the new one is added. */
  readonly taken: Set<string>;
  readonly flags: Flags;
}

/** Writes or prints one definition; else one sentence says why not. */
async function importTable(context: CliContext, store: Store, wanted: Wanted): Promise<string | undefined> {
  const { name, type, taken, flags } = wanted;
  const read = await readTable(store, name, type);
  if ("why" in read) return read.why;
  const file = wanted.file ?? fileNameOf(name, taken);
  const text = definitionText(read.shape, libraryOf(flags.folder));
  taken.add(file);
  const path = relative(process.cwd(), `${flags.folder}/${file}`);
  if (flags.dryRun) {
    context.stdout.write(`// ${path}\n${text}\n`);
    return undefined;
  }
  const fault = await writeDefinition(flags.folder, file, text);
  if (fault === undefined)
    context.stdout.write(`${wanted.file === undefined ? "created" : "rewrote"} ${path}\n`);
  return fault;
}

import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { readConfig, VARIABLES } from "../config.ts";
import { nearest } from "../messages/nearest.ts";
import { PROJECT } from "../project.ts";
import type { Registry, TableDefinition } from "../tables/definition.ts";
import { type CliContext, CliError } from "./context.ts";
import { printTable, widthOf } from "./print-table.ts";
import { printable } from "./printable.ts";
import { importCommand } from "./tables-import.ts";
import { tableText } from "./tables-text.ts";
import { shippedTables, type Tables } from "./with-store.ts";

/** Where the printed contract lies. */
const SCHEMAS = fileURLToPath(new URL("schemas/", PROJECT));

/** `rowpost tables list|show|schemas|import`: what updates may change. Only `import` needs a database. */
export function tablesCommand(
  context: CliContext,
  tables: Tables = shippedTables,
  schemas: string = SCHEMAS,
): Command {
  return new Command("tables")
    .description("Shows which tables updates may change, and prints the contract of their messages")
    .addCommand(listCommand(context, tables))
    .addCommand(showCommand(context, tables))
    .addCommand(schemasCommand(context, tables, schemas))
    .addCommand(importCommand(context));
}

function listCommand(context: CliContext, tables: Tables): Command {
  return new Command("list").description("Lists the tables").action(async () => {
    const rows = [...(await tables()).values()].map(({ name, key, operations, version, columns }) => ({
      cells: [
        name,
        key.map((column) => column.name).join(","),
        [...operations].join(","),
        version?.name ?? "–",
        String(columns.size),
      ],
    }));
    const columns = [
      { title: "TABLE" },
      { title: "KEY", cut: "end" },
      { title: "OPERATIONS" },
      { title: "VERSION" },
      { title: "COLUMNS", align: "right" },
    ] as const;
    context.stdout.write(printTable(columns, rows, widthOf(context.stdout)));
  });
}

function showCommand(context: CliContext, tables: Tables): Command {
  return new Command("show")
    .description("Prints a table's definition: its columns, and what updates may do")
    .argument("<table>", "the table's name")
    .action(async (name: string) => {
      const registry = await tables();
      const table = registry.get(name) ?? unknown(name, registry);
      context.stdout.write(tableText(table, widthOf(context.stdout)));
    });
}

function unknown(name: string, registry: ReadonlyMap<string, TableDefinition>): never {
  const near = nearest(name, registry.keys());
  const advice = near === undefined ? "`rowpost tables list` names them all" : `did you mean ${near}?`;
  throw new CliError(`there is no table ${printable(name)}; ${advice}`);
}

/** The contract states the default limits, whatever the environment says. */
function schemasCommand(context: CliContext, tables: Tables, folder: string): Command {
  return new Command("schemas")
    .description("Writes the JSON Schemas of updates and the OpenAPI document to schemas/")
    .option("--check", "write nothing; fail when a file is not as it would be written")
    .action(async ({ check }: { readonly check?: true }) => {
      const { driftOfSchemas, writeSchemas } = await import("../messages/schema-folder.ts");
      const registry = await tables();
      const more = new Map([["openapi.json", await openApi(registry)]]);
      const mostChanges = VARIABLES.MAX_CHANGES.parse(undefined);
      const drift = await (check ? driftOfSchemas : writeSchemas)(folder, registry, mostChanges, more);
      for (const { file, kind } of drift) {
        context.stdout.write(`${check ? kind.replace("_", " ") : DONE[kind]} schemas/${file}\n`);
      }
      if (drift.length === 0) context.stdout.write("schemas/ is up to date\n");
      else if (check) throw new CliError("schemas/ is out of date: `npm run schemas` writes it");
    });
}

/** The OpenAPI document of a sidecar with the default limits. */
async function openApi(registry: Registry): Promise<string> {
  const { printOpenApi } = await import("../http/print-openapi.ts");
  const { config, faults } = readConfig({});
  if (config === undefined) throw new CliError(faults.join("; "));
  return printOpenApi({ registry, limits: config.limits, options: config.http });
}

const DONE = { missing: "created", outdated: "updated", left_over: "removed" } as const;

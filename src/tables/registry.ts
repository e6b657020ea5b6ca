import { readdirSync } from "node:fs";
import { PROJECT } from "../project.ts";
import type { Registry, TableDefinition } from "./definition.ts";

/** Tables that rowpost keeps for itself; a definition can't take their names. */
const OWN_TABLES: ReadonlySet<string> = new Set(["receipts", "dead_letters", "mikro_orm_migrations"]);
const OWN_PREFIX = "rowpost_";

/** True for a table that rowpost keeps for itself, in any letter case. */
export function isOwnTable(name: string): boolean {
  const lower = name.toLowerCase();
  return OWN_TABLES.has(lower) || lower.startsWith(OWN_PREFIX);
}

/**
 * All definitions by name. Throws a TypeError when two have one name (MySQL may not tell letter case apart in table
 * names) or when one takes the name of a table that rowpost owns.
 */
export function registryOf(definitions: Iterable<TableDefinition>): Registry {
  const registry = new Map<string, TableDefinition>();
  const taken = new Set<string>();
  for (const definition of definitions) {
    const name = definition.name.toLowerCase();
    if (isOwnTable(name)) {
      throw new TypeError(`table ${definition.name}: rowpost owns this name`);
    }
    if (taken.has(name)) {
      throw new TypeError(`table ${definition.name}: two definitions have this name`);
    }
    taken.add(name);
    registry.set(definition.name, definition);
  }
  return new Map([...registry].map(([name, table]) => [name, withAllCascades(table, registry)]));
}

/** The definition with all tables from which deletes come to it, also through others. */
function withAllCascades(table: TableDefinition, registry: Registry): TableDefinition {
  const from = new Set(table.cascadesFrom);
  // a set's loop also visits what is added meanwhile
  for (const name of from) for (const further of registry.get(name)?.cascadesFrom ?? []) from.add(further);
  return from.size === table.cascadesFrom.size ? table : { ...table, cascadesFrom: from };
}

/**
 * Imports every `.ts` file of a folder, in the order of their names; each exports its definition as `table`. So a new
 * table is one new file. The image has them as `.js`, which gives way to a `.ts` of the same name that is put beside it.
 * Throws a TypeError for a file without that export.
 */
export async function loadDefinitions(folder: URL): Promise<TableDefinition[]> {
  const files = new Set(readdirSync(folder).filter((file) => /\.[jt]s$/.test(file)));
  const chosen = [...files].filter((file) => file.endsWith(".ts") || !files.has(file.replace(/js$/, "ts")));
  return Promise.all(
    chosen.sort().map(async (file) => {
      const module: { readonly table?: TableDefinition } = await import(new URL(file, folder).href);
      if (module.table === undefined) {
        throw new TypeError(`${file}: export the definition as \`table\``);
      }
      return module.table;
    }),
  );
}

/** The shipped tables: every file of `definitions/`. */
export const registry: Registry = registryOf(
  await loadDefinitions(new URL("src/tables/definitions/", PROJECT)),
);

import { readdirSync } from "node:fs";
import type { Registry, TableDefinition } from "./definition.ts";

/** Tables that rowpost keeps for itself; a definition can't take their names. */
const OWN_TABLES: ReadonlySet<string> = new Set(["receipts", "dead_letters", "mikro_orm_migrations"]);
const OWN_PREFIX = "rowpost_";

/**
 * All definitions by name. Throws a TypeError when two have one name (MySQL may not tell letter case apart in table
 * names) or when one takes the name of a table that rowpost owns.
 */
export function registryOf(definitions: Iterable<TableDefinition>): Registry {
  const registry = new Map<string, TableDefinition>();
  const taken = new Set<string>();
  for (const definition of definitions) {
    const name = definition.name.toLowerCase();
    if (OWN_TABLES.has(name) || name.startsWith(OWN_PREFIX)) {
      throw new TypeError(`table ${definition.name}: rowpost owns this name`);
    }
    if (taken.has(name)) {
      throw new TypeError(`table ${definition.name}: two definitions have this name`);
    }
    taken.add(name);
    registry.set(definition.name, definition);
  }
  return registry;
}

/**
 * Imports every `.ts` file of a folder, in the order of their names; each exports its definition as `table`. So a new
 * table is one new file. Throws a TypeError for a file without that export.
 */
export async function loadDefinitions(folder: URL): Promise<TableDefinition[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  return Promise.all(
    files.sort().map(async (file) => {
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
  await loadDefinitions(new URL("./definitions/", import.meta.url)),
);

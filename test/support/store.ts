import { schemaChange } from "../../src/store/migration-diff.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { database, type Scope } from "./servers.ts";

/** A store on a fresh database with the tables of the registry and rowpost's own; gone after the test. */
export async function testStore(t: Scope, registry: Registry, poolSize = 8): Promise<Store> {
  const store = await openStore(await database(t), registry, poolSize);
  t.after(async () => store.close());
  await createTables(store);
  return store;
}

/** Makes all tables of the store's definitions, as the first migration would, in an empty database. */
export async function createTables(store: Store): Promise<void> {
  const { up } = await schemaChange(store.orm, "no-such-folder");
  for (const statement of up) await store.select(statement);
}

import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { database, type Scope } from "./servers.ts";

/** A store on a fresh database with the tables of the registry and rowpost's own; gone after the test. */
export async function testStore(t: Scope, registry: Registry, poolSize = 8): Promise<Store> {
  const store = await openStore(await database(t), registry, poolSize);
  t.after(async () => store.close());
  await store.orm.schema.create();
  return store;
}

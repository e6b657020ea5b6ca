import { migrateDown, migrateUp } from "../../src/store/migrate.ts";
import type { Observe } from "../../src/store/migration-run.ts";
import type { DatabaseOptions } from "../../src/store/database-options.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { StopAt } from "./migrations.ts";

/** The process behind `startMigrating`: says `stopped` when it stands where it was to stop, and stays there. */
const { database, folder, at } = JSON.parse(process.argv[2] ?? "") as {
  readonly database: DatabaseOptions;
  readonly folder: string;
  readonly at: StopAt;
};

const observe: Observe = (event) => {
  if (event.kind !== at.kind || event.step !== at.step) return undefined;
  process.stdout.write("stopped\n");
  return new Promise(() => {});
};

await using store = await openStore(database, new Map(), 2);
await (at.direction === "up"
  ? migrateUp(store, { folder, observe })
  : migrateDown(store, { steps: 1 }, { folder, observe }));

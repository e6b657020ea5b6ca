import assert from "node:assert/strict";
import { test } from "node:test";
import { Migrator } from "@mikro-orm/migrations";
import { MikroORM } from "@mikro-orm/mysql";
import { schemaChange } from "../../../src/store/migration-diff.ts";
import {
  MIGRATIONS_FOLDER,
  migrationFiles,
  migrationStatements,
} from "../../../src/store/migration-files.ts";
import { lockName } from "../../../src/store/migration-session.ts";
import { entitiesOf } from "../../../src/store/open-store.ts";
import { registry } from "../../../src/tables/registry.ts";

const orm = new MikroORM({
  entities: entitiesOf(registry),
  extensions: [Migrator],
  dbName: "x",
  logger: () => {},
});

test("the committed migrations are those of the definitions: `rowpost migrate create` has nothing to do", async () => {
  const { up } = await schemaChange(orm, MIGRATIONS_FOLDER);
  assert.deepEqual(up, []);
});

test("each committed migration is named by its time and its action, and can be taken back", async () => {
  const files = await migrationFiles(MIGRATIONS_FOLDER);
  assert(files.length >= 2);
  for (const file of files) {
    assert.match(file.name, /^\d{14}(-[a-z0-9]+)+$/);
    for (const direction of ["up", "down"] as const) {
      const statements = await migrationStatements(orm, file, direction);
      assert(statements.length > 0, `${file.name} ${direction}`);
    }
  }
  const stamps = files.map(({ name }) => name.slice(0, 14));
  assert.equal(new Set(stamps).size, stamps.length);
});

test("the lock's name is the database's own and at most 64 characters long", () => {
  assert.equal(lockName("shop"), "rowpost migrate shop");
  const long = [lockName(`${"a".repeat(63)}b`), lockName(`${"a".repeat(63)}c`)];
  assert.equal(new Set(long).size, 2);
  for (const name of long) assert(name.length <= 64);
});

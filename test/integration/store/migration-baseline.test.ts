import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { type MigrateResult, migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { checkMigrations, isInOrder } from "../../../src/store/migration-check.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import type { MigrationEvent } from "../../../src/store/migration-run.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder } from "../../support/migrations.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

const id = () => p.integer().unsigned().autoincrement(false);

/** Two tables that refer to each other, so that neither can be dropped, or made whole, before the other. */
const hens = defineTable({
  name: "hens",
  columns: { id: id(), egg: p.integer().unsigned().nullable() },
  key: "id",
  foreignKeys: [{ name: "hens_egg", columns: "egg", references: { table: "eggs", columns: "id" } }],
});
const eggs = defineTable({
  name: "eggs",
  columns: { id: id(), hen: p.integer().unsigned().nullable() },
  key: "id",
  foreignKeys: [{ name: "eggs_hen", columns: "hen", references: { table: "hens", columns: "id" } }],
});
const tables = registryOf([hens, eggs]);
const MADE = [
  "CREATE TABLE hens (id INT UNSIGNED PRIMARY KEY, egg INT UNSIGNED NULL)",
  "CREATE TABLE eggs (id INT UNSIGNED PRIMARY KEY, hen INT UNSIGNED NULL, CONSTRAINT eggs_hen FOREIGN KEY (hen) REFERENCES hens (id))",
  "ALTER TABLE hens ADD CONSTRAINT hens_egg FOREIGN KEY (egg) REFERENCES eggs (id)",
];

/** A database with some of these statements behind it, and a folder with rowpost's own tables and a migration of `tables`. */
async function begun(t: TestContext, statements: readonly string[], baseline = true) {
  const server = await database(t);
  for (const statement of statements) await server.query(statement);
  const folder = await migrationFolder(t);
  await createMigration(registryOf([]), { folder, name: "own" });
  const created = await createMigration(tables, { folder, name: "birds", baseline });
  assert(created.outcome === "created", JSON.stringify(created));
  const store = await openStore(server, tables, 2);
  t.after(async () => store.close());
  const events: string[] = [];
  const observe = ({ kind, ...event }: MigrationEvent) =>
    void events.push("name" in event ? `${kind} ${event.name.slice(15)}` : kind);
  const up = () => migrateUp(store, { folder, observe });
  return { server, folder, store, up, events, created };
}

const outcome = (result: MigrateResult) => {
  assert.equal(result.outcome, "done", JSON.stringify(result));
};

test("a baseline is recorded where its tables are, and its being taken back leaves them", async (t) => {
  const { server, folder, store, up, events, created } = await begun(t, MADE);
  await server.query("INSERT INTO hens VALUES (1, NULL)");
  outcome(await up());
  assert(events.includes("recorded baseline-birds"), events.join());
  assert(!events.includes("started baseline-birds"));
  assert(isInOrder(await checkMigrations(store, folder)));
  assert.match(created.name, /^\d{14}-baseline-birds$/);
  assert.match(await readFile(created.path, "utf8"), /override down\(\): void \{\}/);
  outcome(await migrateDown(store, { steps: 1 }, { folder }));
  assert.equal((await server.query("SELECT id FROM hens")).length, 1);
  outcome(await up());
});

test("a baseline makes its tables where they are not", async (t) => {
  const { folder, store, up, events } = await begun(t, []);
  outcome(await up());
  assert(events.includes("finished baseline-birds"), events.join());
  assert(isInOrder(await checkMigrations(store, folder)));
});

test("a baseline that finds a part of its tables does nothing and names what is missing", async (t) => {
  const { server, up } = await begun(t, MADE.slice(0, 1));
  const result = await up();
  assert(result.outcome === "failed");
  assert.match(
    result.failure.reason,
    /^of the 2 tables of this baseline eggs is missing and the others are there/,
  );
  assert.equal((await server.query("SHOW TABLES LIKE 'eggs'")).length, 0);
  await server.query("DROP TABLE hens");
  outcome(await up());
});

test("what a baseline can't be is refused", async (t) => {
  const { folder } = await begun(t, []);
  const more = defineTable({
    name: "hens",
    columns: { id: id(), egg: p.integer().unsigned().nullable(), name: p.text().nullable() },
    key: "id",
  });
  const result = await createMigration(registryOf([more, eggs]), { folder, baseline: true });
  assert(result.outcome === "refused", JSON.stringify(result));
  assert.match(
    result.reason,
    /^a baseline only makes tables, and the definitions also ask for: alter table `hens`/,
  );
});

test("tables that refer to each other are made, and taken back, by a plain migration", async (t) => {
  const { server, folder, store, up } = await begun(t, [], false);
  outcome(await up());
  outcome(await migrateDown(store, { steps: 1 }, { folder }));
  assert.equal((await server.query("SHOW TABLES LIKE 'hens'")).length, 0);
  outcome(await up());
});

test("a foreign key that is dropped in the database, or in the definition, is a difference", async (t) => {
  const { server, folder, store, up } = await begun(t, MADE);
  outcome(await up());
  await server.query("ALTER TABLE eggs DROP FOREIGN KEY eggs_hen");
  assert.deepEqual((await checkMigrations(store, folder)).drift, ["eggs: constraint eggs_hen is missing"]);
  const free = defineTable({
    name: "eggs",
    columns: { id: id(), hen: p.integer().unsigned().nullable() },
    key: "id",
  });
  await using other = await openStore(server, registryOf([hens, free]), 1);
  const { missing } = await checkMigrations(other, folder);
  assert.deepEqual(missing, ["alter table `eggs` drop foreign key `eggs_hen`"]);
});

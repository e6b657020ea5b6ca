import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { MikroORM, p } from "@mikro-orm/mysql";
import { type CreateResult, createMigration } from "../../../src/store/migration-create.ts";
import { migrationStatements } from "../../../src/store/migration-files.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { TableDefinition } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { migrationFolder, writeMigration } from "../../support/migrations.ts";

const thing = (columns: Parameters<typeof defineTable>[0]["columns"] = {}) =>
  defineTable({ name: "things", columns: { id: p.integer(), ...columns }, key: "id" });
const registry = (...tables: TableDefinition[]) => registryOf(tables);

test("each migration is named by its time and by what it does, in the order of its making", async (t) => {
  const folder = await migrationFolder(t);
  const names = [
    await createMigration(registry(), { folder }),
    await createMigration(registry(thing()), { folder }),
    await createMigration(registry(thing({ a: p.boolean(), b: p.text() })), { folder }),
    await createMigration(registry(thing({ a: p.boolean(), c: p.text() })), { folder }),
    await createMigration(registry(thing({ a: p.boolean().nullable() })), { folder }),
    await createMigration(registry(), { folder, name: "  Things: no longer! " }),
  ].map(nameOf);
  assert.deepEqual(
    names.map((name) => name.replace(/^\d{14}-/, "")),
    [
      "create-dead-letters-and-receipts",
      "create-things",
      "add-a-and-b-to-things",
      "rename-b-in-things",
      "drop-c-from-things",
      "things-no-longer",
    ],
  );
  assert.deepEqual(names, [...names].sort());
  assert.equal(new Set(names.map((name) => name.slice(0, 14))).size, names.length);
});

test("a migration comes behind the last one also when the clock stands before it", async (t) => {
  const folder = await migrationFolder(t);
  await writeMigration(folder, "29991231235959-far-away", []);
  assert.match(nameOf(await createMigration(registry(), { folder })), /^30000101000000-/);
});

test("nothing is written when the definitions ask for nothing", async (t) => {
  const folder = await migrationFolder(t);
  await createMigration(registry(thing()), { folder });
  const before = await readdir(folder);
  assert.deepEqual(await createMigration(registry(thing()), { folder }), { outcome: "nothing" });
  assert.deepEqual(await readdir(folder), before);
});

test("a blank migration needs a name and leaves the snapshot as it was", async (t) => {
  const folder = await migrationFolder(t);
  assert.equal((await createMigration(registry(), { folder, blank: true })).outcome, "refused");
  assert.equal((await createMigration(registry(), { folder, name: "?" })).outcome, "refused");
  await createMigration(registry(), { folder, name: "move data", blank: true });
  assert.equal((await readdir(folder)).includes(".snapshot.json"), false);
  assert.equal((await createMigration(registry(), { folder })).outcome, "created");
});

test("what is lost, filled or renamed is said, in the file as well", async (t) => {
  const folder = await migrationFolder(t);
  const other = defineTable({ name: "other", columns: { id: p.integer() }, key: "id" });
  await createMigration(registry(thing({ a: p.integer(), b: p.text(), n: p.text().nullable() }), other), {
    folder,
  });
  const result = await createMigration(registry(thing({ c: p.integer(), d: p.datetime(), n: p.text() })), {
    folder,
  });
  assert(result.outcome === "created");
  assert.deepEqual(result.notes, [
    "drops other with all its rows",
    "drops things.b with all its values",
    "renames things.a to c with its values: if they are two things, write a drop and an add",
    "existing rows get things.d = '1970-01-01 00:00:00'; edit the statement if another value is right",
    "rows without things.n get (''); edit the statement if another value is right",
    "MySQL rebuilds things while writes go on, for: NULL of n; it takes time and space when the table is large",
    "breaking: older workers use table other",
    "breaking: older workers use things.b",
    "breaking: older workers use things.a, which is called c behind it",
    "breaking: older workers insert into things without d, which has no default",
    "breaking: older workers may write NULL to things.n",
    "workers that do not know this migration pause as soon as it begins, until it is taken back",
  ]);
  const text = await readFile(result.path, "utf8");
  assert.match(text, /^ \* Drops other with all its rows\.$/m);
});

test("down drops what refers before what is referred to", async (t) => {
  const folder = await migrationFolder(t);
  const owners = defineTable({ name: "owners", columns: { id: p.integer() }, key: "id" });
  const cats = defineTable({
    name: "cats",
    columns: { id: p.integer(), owner: p.manyToOne(owners.entity).mapToPk() },
    key: "id",
  });
  const result = await createMigration(registry(owners, cats), { folder });
  const down = await statements(result, "down");
  const at = (part: RegExp) => down.findIndex((statement) => part.test(statement));
  assert(at(/drop foreign key/) >= 0 || at(/drop table.*cats/) >= 0);
  assert(at(/drop foreign key/) < at(/drop table.*owners/));
  assert(at(/drop table.*cats/) >= 0 && at(/drop table.*owners/) >= 0);
});

test("a text default keeps its quotes and backslashes", async (t) => {
  const folder = await migrationFolder(t);
  const text = `it's a "quoted" \\ text`;
  const definitions = registry(thing({ s: p.string().default(text) }));
  const up = await statements(await createMigration(definitions, { folder }), "up");
  const sql = String.raw`default 'it''s a "quoted" \\ text'`;
  assert(up.some((statement) => statement.includes(sql)));
  assert.equal((await createMigration(definitions, { folder })).outcome, "nothing");
});

function nameOf(result: CreateResult): string {
  assert(result.outcome === "created");
  return result.name;
}

async function statements(result: CreateResult, direction: "up" | "down"): Promise<readonly string[]> {
  assert(result.outcome === "created");
  const orm = new MikroORM({ entities: [], dbName: "x", discovery: { warnWhenNoEntities: false } });
  return migrationStatements(orm, { name: result.name, path: join(result.path) }, direction);
}

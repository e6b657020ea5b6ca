import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { checkMigrations } from "../../../src/store/migration-check.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder } from "../../support/migrations.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

type Columns = Parameters<typeof defineTable>[0]["columns"];

const things = (columns: Columns): Registry =>
  registryOf([defineTable({ name: "things", columns: { id: p.integer(), ...columns }, key: "id" })]);

/** A database whose table `things` has these columns and is made by a migration, and a way to change the definition. */
async function thingsTable(t: TestContext, columns: Columns) {
  const server = await database(t);
  const folder = await migrationFolder(t);
  const define = async (changed: Columns) => {
    const created = await createMigration(things(changed), { folder });
    assert.equal(created.outcome, "created");
    await using store = await openStore(server, things(changed), 2);
    const result = await migrateUp(store, { folder });
    assert.equal(result.outcome, "done", JSON.stringify(result));
    return await checkMigrations(store, folder);
  };
  await define(columns);
  const back = async () => {
    await using store = await openStore(server, things(columns), 2);
    return await migrateDown(store, { steps: 1 }, { folder });
  };
  return { server, define, back };
}

const IN_ORDER = { missing: [], pending: [], unknown: [], drift: [] };

test("a NOT NULL boolean without a default is added to a table with rows, which then say false", async (t) => {
  const { server, define } = await thingsTable(t, {});
  await server.query("INSERT INTO things (id) VALUES (1), (2)");
  assert.deepEqual(await define({ done: p.boolean() }), IN_ORDER);
  assert.deepEqual(await server.query("SELECT id, done FROM things"), [
    { id: 1, done: 0 },
    { id: 2, done: 0 },
  ]);
  await assert.rejects(server.query("INSERT INTO things (id) VALUES (3)"), { errno: 1364 });
  await assert.rejects(server.query("UPDATE things SET done = NULL"), { errno: 1048 });
});

test("a NOT NULL boolean with a default is added to a table with rows, which then have it", async (t) => {
  const { server, define } = await thingsTable(t, {});
  await server.query("INSERT INTO things (id) VALUES (1)");
  assert.deepEqual(await define({ done: p.boolean().default(true) }), IN_ORDER);
  await server.query("INSERT INTO things (id) VALUES (2)");
  assert.deepEqual(await server.query("SELECT done FROM things"), [{ done: 1 }, { done: 1 }]);
});

test("a NOT NULL column of any type is added to a table with rows, which get the type's neutral value", async (t) => {
  const { server, define, back } = await thingsTable(t, {});
  await server.query("INSERT INTO things (id) VALUES (1)");
  const columns = {
    tiny: p.tinyint(),
    small: p.smallint().unsigned(true),
    medium: p.mediumint(),
    big: p.bigint().unsigned(true),
    dec: p.decimal().precision(65).scale(30),
    single: p.float(),
    twice: p.double(),
    chars: p.character().length(3),
    words: p.string().length(50),
    body: p.text(),
    long: p.type("longtext"),
    fixed: p.string().columnType("binary(4)"),
    bytes: p.string().columnType("varbinary(20)"),
    blob: p.blob(),
    blobs: p.type("mediumblob"),
    day: p.date(),
    moment: p.datetime(6),
    stamp: p.datetime(3).columnType("timestamp(3)"),
    hour: p.time(),
    year: p.type("year"),
    pick: p.enum(["it's", "b"]),
    tree: p.json(),
  };
  assert.deepEqual(await define(columns), IN_ORDER);
  const [row] = await server.query("SELECT * FROM things");
  assert.deepEqual(row, {
    id: 1,
    tiny: 0,
    small: 0,
    medium: 0,
    big: "0",
    dec: `0.${"0".repeat(30)}`,
    single: 0,
    twice: 0,
    chars: "",
    words: "",
    body: "",
    long: "",
    fixed: Buffer.alloc(4),
    bytes: Buffer.alloc(0),
    blob: Buffer.alloc(0),
    blobs: Buffer.alloc(0),
    day: "1970-01-01",
    moment: "1970-01-01 00:00:00.000000",
    stamp: "1970-01-01 00:00:01.000",
    hour: "00:00:00",
    year: 1970,
    pick: "it's",
    tree: "{}",
  });
  const [defaults] = await server.query(
    `SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'things'
     AND column_default IS NOT NULL`,
  );
  assert.equal(Number(defaults?.["n"]), 0, "no default stays behind");
  assert.equal((await back()).outcome, "done");
  assert.deepEqual(await server.query("SELECT * FROM things"), [{ id: 1 }]);
});

test("a column becomes NOT NULL in a table whose rows hold NULL", async (t) => {
  const { server, define, back } = await thingsTable(t, {
    n: p.integer().nullable(),
    at: p.datetime().nullable(),
  });
  await server.query("INSERT INTO things (id, n) VALUES (1, NULL), (2, 5)");
  assert.deepEqual(await define({ n: p.integer().default(3), at: p.datetime() }), IN_ORDER);
  assert.deepEqual(await server.query("SELECT n, at FROM things ORDER BY id"), [
    { n: 3, at: "1970-01-01 00:00:00" },
    { n: 5, at: "1970-01-01 00:00:00" },
  ]);
  assert.equal((await back()).outcome, "done");
  await server.query("UPDATE things SET n = NULL, at = NULL");
});

test("a dropped NOT NULL time comes back to a table with rows when its migration is taken back", async (t) => {
  const server = await database(t);
  const folder = await migrationFolder(t);
  await createMigration(things({ at: p.datetime() }), { folder });
  await createMigration(things({}), { folder });
  await using store = await openStore(server, things({}), 2);
  await migrateUp(store, { folder });
  await server.query("INSERT INTO things (id) VALUES (1)");
  assert.equal((await migrateDown(store, { steps: 1 }, { folder })).outcome, "done");
  assert.deepEqual(await server.query("SELECT at FROM things"), [{ at: "1970-01-01 00:00:00" }]);
});

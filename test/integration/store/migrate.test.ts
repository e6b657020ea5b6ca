import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { migrationStatus, pendingMigrations } from "../../../src/store/migration-status.ts";
import { checkMigrations, isInOrder } from "../../../src/store/migration-check.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import { MIGRATIONS_FOLDER, migrationFiles } from "../../../src/store/migration-files.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { registry, registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder, writeMigration } from "../../support/migrations.ts";
import { database, type TestDatabase } from "../../support/servers.ts";

expectNoLeaks();

async function opened(t: TestContext, server: TestDatabase, tables: Registry = new Map()): Promise<Store> {
  const store = await openStore(server, tables, 2);
  t.after(() => store.close());
  return store;
}

async function tablesOf(server: TestDatabase): Promise<string[]> {
  const rows = await server.query("SHOW TABLES");
  return rows.flatMap((row) => Object.values(row).map(String)).sort();
}

test("the shipped migrations make every table, take all of them away, and make them again", async (t) => {
  const server = await database(t);
  const store = await opened(t, server, registry);
  const names = (await migrationFiles(MIGRATIONS_FOLDER)).map(({ name }) => name);
  const all = ["dead_letters", "receipts", "rowpost_migrations", ...registry.keys()].sort();
  assert.deepEqual(await migrateUp(store), { outcome: "done", ran: names });
  assert.deepEqual(await tablesOf(server), all);
  assert.deepEqual(await checkMigrations(store), { missing: [], pending: [], unknown: [], drift: [] });
  assert.deepEqual(await migrateDown(store, { steps: 100 }), { outcome: "done", ran: names.toReversed() });
  assert.deepEqual(await tablesOf(server), ["rowpost_migrations"]);
  assert.deepEqual(await migrateUp(store), { outcome: "done", ran: names });
  assert.deepEqual(await tablesOf(server), all);
  assert(isInOrder(await checkMigrations(store)));
});

test("the ledger's key is unsigned and auto-incremented, and keys compare byte by byte", async (t) => {
  const server = await database(t);
  await migrateUp(await opened(t, server, registry));
  const tables = ["builds", "customers", "dead_letters", "feed", "receipts", "todos", "toots"];
  const rows = await server.query(
    `SELECT CONCAT_WS(' ', table_name, column_name, column_type, collation_name, extra) AS it FROM information_schema.columns
     WHERE table_schema = DATABASE() AND (column_key = 'PRI' OR column_name = 'idempotency_key') AND table_name IN ('${tables.join("','")}')`,
  );
  const lines = rows.map(({ it }) =>
    String(it)
      .replace(/\((?:10|20)\)/, "")
      .trimEnd(),
  );
  assert.deepEqual(lines.sort(), [
    "builds link varchar(512) utf8mb4_bin",
    "customers customerID varchar(64) utf8mb4_bin",
    "dead_letters id bigint unsigned auto_increment",
    "dead_letters idempotency_key varchar(255) ascii_bin",
    "feed guid varchar(512) utf8mb4_bin",
    "receipts id bigint unsigned auto_increment",
    "receipts idempotency_key varchar(255) ascii_bin",
    "todos id int unsigned auto_increment",
    "toots id bigint unsigned",
  ]);
});

test("every migration is pending in a new database, and none once they have run", async (t) => {
  const server = await database(t);
  const store = await opened(t, server, registry);
  const names = (await migrationFiles(MIGRATIONS_FOLDER)).map(({ name }) => name);
  assert.deepEqual(await pendingMigrations(store), names);
  assert.deepEqual(await tablesOf(server), [], "asking makes no table");
  const [first = ""] = names;
  await migrateUp(store, { to: first });
  assert.deepEqual(await pendingMigrations(store), names.slice(1));
  const status = await migrationStatus(store);
  assert.deepEqual(
    status.map(({ name, state }) => [name, state]),
    names.map((name) => [name, name === first ? "executed" : "pending"]),
  );
  assert.match(status[0]?.executedAt ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  await migrateUp(store);
  assert.deepEqual(await pendingMigrations(store), []);
});

test("of two runs at once one works, and the other waits and then finds nothing to do", async (t) => {
  const server = await database(t);
  const [first, second] = [await opened(t, server, registry), await opened(t, server, registry)];
  const entered = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<number | undefined>();
  const one = migrateUp(first, {
    observe: async (event) => {
      if (event.kind !== "step" || event.step !== 1) return;
      entered.resolve();
      await waiting.promise;
    },
  });
  await entered.promise;
  const busy = await migrateUp(second, { waitMs: 0 });
  assert.equal(busy.outcome, "busy");
  const other = await migrateUp(second, {
    observe: (event) => (event.kind === "waiting" ? waiting.resolve(event.holder) : assert.fail(event.kind)),
  });
  assert.deepEqual(other, { outcome: "done", ran: [] });
  assert.equal(typeof (await waiting.promise), "number", "it says which connection holds the lock");
  const result = await one;
  assert(result.outcome === "done" && result.ran.length >= 2);
  assert(isInOrder(await checkMigrations(first)));
});

test("a run stops behind the migration it is told, and goes back to the one it is told", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  const names = ["1-a", "2-b", "3-c"];
  for (const name of names) {
    const table = name.slice(2);
    await writeMigration(
      folder,
      name,
      [`create table ${table} (id int primary key)`],
      [`drop table ${table}`],
    );
  }
  assert.deepEqual(await migrateUp(store, { folder, to: "2-b" }), { outcome: "done", ran: ["1-a", "2-b"] });
  assert.equal((await migrateUp(store, { folder, to: "4-d" })).outcome, "refused");
  assert.equal((await migrateDown(store, { to: "3-c" }, { folder })).outcome, "refused");
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: ["3-c"] });
  assert.deepEqual(await migrateDown(store, { to: "1-a" }, { folder }), {
    outcome: "done",
    ran: ["3-c", "2-b"],
  });
  assert.deepEqual(await migrateDown(store, { steps: 1 }, { folder }), { outcome: "done", ran: ["1-a"] });
  assert.deepEqual(await migrateDown(store, { steps: 1 }, { folder }), { outcome: "done", ran: [] });
  assert.deepEqual(await tablesOf(server), ["rowpost_migrations"]);
});

test("behind a refused statement a run goes on once the cause is gone, and runs no statement twice", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", [
    "create table a (n int not null)",
    "insert into a values (1), (1)",
    "alter table a add unique a_n (n)",
    "insert into a values (2)",
  ]);
  const failed = await migrateUp(store, { folder });
  assert(failed.outcome === "failed");
  const { reason, ...failure } = failed.failure;
  assert.match(reason, /Duplicate entry '1'.*\(error 1062\)/);
  assert.deepEqual(failure, {
    name: "1-a",
    direction: "up",
    step: 3,
    steps: 4,
    statement: "alter table a add unique a_n (n)",
    errno: 1062,
    kind: "refused",
  });
  assert.deepEqual(await pendingMigrations(store, folder), ["1-a"]);
  assert.equal((await migrationStatus(store, folder))[0]?.state, "half_done");
  assert.equal((await migrateDown(store, { steps: 1 }, { folder })).outcome, "refused");
  await server.query("DELETE FROM a LIMIT 1");
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: ["1-a"] });
  assert.deepEqual(await server.query("SELECT n FROM a ORDER BY n"), [{ n: 1 }, { n: 2 }]);
});

test("a migration whose first statement is refused is as it was: pending, or executed", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(
    folder,
    "1-a",
    ["create table a (id int primary key)"],
    ["drop table nowhere", "drop table a"],
  );
  await server.query("CREATE TABLE a (mine INT)");
  assert.equal((await migrateUp(store, { folder })).outcome, "failed");
  assert.equal((await migrationStatus(store, folder))[0]?.state, "pending");
  await server.query("DROP TABLE a");
  await migrateUp(store, { folder });
  const down = await migrateDown(store, { steps: 1 }, { folder });
  assert(down.outcome === "failed" && down.failure.errno === 1051);
  assert.equal((await migrationStatus(store, folder))[0]?.state, "executed");
  assert.deepEqual(await pendingMigrations(store, folder), []);
});

test("a migration that is half taken back is finished by `down`, not by `up`", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  const up = ["create table a (id int primary key)", "create table b (id int primary key)"];
  await writeMigration(folder, "1-a", up, ["drop table a", "drop table b"]);
  await migrateUp(store, { folder });
  await server.query("DROP TABLE b");
  assert.equal((await migrateDown(store, { steps: 1 }, { folder })).outcome, "failed");
  assert.equal((await migrationStatus(store, folder))[0]?.state, "half_taken_back");
  assert.deepEqual(await pendingMigrations(store, folder), ["1-a"]);
  assert.equal((await migrateUp(store, { folder })).outcome, "refused");
  await server.query("CREATE TABLE b (id INT)");
  assert.deepEqual(await migrateDown(store, { steps: 1 }, { folder }), { outcome: "done", ran: ["1-a"] });
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: ["1-a"] });
});

test("an executed migration without its file is told, and cannot be taken back", async (t) => {
  const store = await opened(t, await database(t));
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", ["create table a (id int primary key)"], ["drop table a"]);
  await migrateUp(store, { folder });
  await rm(join(folder, "1-a.ts"));
  assert.equal((await migrationStatus(store, folder))[0]?.state, "no_file");
  assert.deepEqual((await checkMigrations(store, folder)).unknown, ["1-a"]);
  assert.equal((await migrateDown(store, { steps: 1 }, { folder })).outcome, "refused");
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: [] });
});

test("a file that is no migration fails with a sentence, and nothing is begun", async (t) => {
  const store = await opened(t, await database(t));
  const folder = await migrationFolder(t);
  await cp(
    import.meta.filename.replace("integration/store/migrate.test.ts", "support/until.ts"),
    join(folder, "1-a.ts"),
  );
  const result = await migrateUp(store, { folder });
  assert(result.outcome === "failed");
  assert.equal(result.failure.reason, "1-a.ts exports no class with an `up` method");
  assert.equal((await migrationStatus(store, folder))[0]?.state, "pending");
});

test("a signal to stop ends a run before its next statement, and the next run goes on there", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  const creates = ["a", "b", "c"].map((name) => `create table ${name} (id int primary key)`);
  await writeMigration(folder, "1-a", creates);
  const stop = new AbortController();
  const stopped = await migrateUp(store, {
    folder,
    signal: stop.signal,
    observe: (event) => {
      if (event.kind === "ran" && event.step === 2) stop.abort("SIGTERM");
    },
  });
  assert(stopped.outcome === "failed");
  assert.deepEqual([stopped.failure.step, stopped.failure.reason], [3, "stopped by SIGTERM"]);
  assert.deepEqual(await tablesOf(server), ["a", "b", "rowpost_migrations"]);
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: ["1-a"] });
});

test("a sixth table is one definition and one migration", async (t) => {
  const server = await database(t);
  const folder = await migrationFolder(t);
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  const parcels = defineTable({
    name: "parcels",
    columns: {
      number: p.string().length(20),
      weight: p.decimal().precision(10).scale(3),
      sent: p.datetime(6).nullable(),
      stops: p.json().default([]),
    },
    key: "number",
    version: "sent",
    indexes: [{ name: "parcels_sent", properties: ["sent"] }],
  });
  const six = registryOf([...registry.values(), parcels]);
  const store = await opened(t, server, six);
  await migrateUp(store);
  const before = await checkMigrations(store, folder);
  assert(before.missing.some((statement) => statement.startsWith("create table `parcels`")));
  assert(!isInOrder(before));
  const created = await createMigration(six, { folder });
  assert(created.outcome === "created");
  assert.match(created.name, /^\d{14}-create-parcels$/);
  assert.deepEqual((await checkMigrations(store, folder)).pending, [created.name]);
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: [created.name] });
  assert.deepEqual(await checkMigrations(store, folder), {
    missing: [],
    pending: [],
    unknown: [],
    drift: [],
  });
});

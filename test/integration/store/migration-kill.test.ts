import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createConnection } from "mysql2/promise";
import { migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { migrationStatus, pendingMigrations } from "../../../src/store/migration-status.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder, type StopAt, startMigrating, writeMigration } from "../../support/migrations.ts";
import { database, type TestDatabase } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

const UP = [
  "create table a (id int primary key)",
  "insert into a values (1)",
  "alter table a add n int not null default 7",
  "insert into a values (2, 2)",
  "alter table a add index a_n (n)",
  "alter table a rename column id to number",
  "create table b (id int primary key)",
  "alter table b add constraint b_a foreign key (id) references a (number)",
];
const DOWN = [
  "alter table b drop foreign key b_a",
  "drop table b",
  "delete from a where number = 2",
  "alter table a drop index a_n",
  "drop table a",
];

async function opened(t: TestContext, server: TestDatabase): Promise<Store> {
  const store = await openStore(server, new Map(), 2);
  t.after(() => store.close());
  return store;
}

/** Runs the migration in a process that is killed at one place. */
async function killed(t: TestContext, server: TestDatabase, folder: string, at: StopAt): Promise<void> {
  const process = startMigrating(t, server, folder, at);
  await process.stopped;
  await process.kill();
}

test("after kill -9 behind any statement, or before it, the next run ends it, and no statement takes effect twice", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", UP, DOWN);
  for (const [index] of UP.entries()) {
    for (const kind of index === 3 ? (["step", "ran"] as const) : (["ran"] as const)) {
      await killed(t, server, folder, { direction: "up", kind, step: index + 1 });
      assert.deepEqual(await pendingMigrations(store, folder), ["1-a"]);
      const ran: number[] = [];
      const result = await migrateUp(store, {
        folder,
        observe: (event) => void (event.kind === "step" && ran.push(event.step)),
      });
      assert.deepEqual(result, { outcome: "done", ran: ["1-a"] }, `${kind} ${index + 1}`);
      assert.equal(ran[0], index + 1, "it goes on at the statement that nobody recorded");
      assert.deepEqual(await server.query("SELECT * FROM a ORDER BY number"), [
        { number: 1, n: 7 },
        { number: 2, n: 2 },
      ]);
      assert.deepEqual(await migrateDown(store, { steps: 1 }, { folder }), { outcome: "done", ran: ["1-a"] });
    }
  }
});

test("taking back goes on after kill -9 in the same way", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", UP, DOWN);
  for (const [index] of DOWN.entries()) {
    for (const kind of index === 0 ? (["step", "ran"] as const) : (["ran"] as const)) {
      await migrateUp(store, { folder });
      await killed(t, server, folder, { direction: "down", kind, step: index + 1 });
      assert.equal((await migrationStatus(store, folder))[0]?.state, "half_taken_back");
      const result = await migrateDown(store, { steps: 1 }, { folder });
      assert.deepEqual(result, { outcome: "done", ran: ["1-a"] }, `${kind} ${index + 1}`);
      assert.equal((await server.query("SHOW TABLES")).length, 1);
    }
  }
});

test("after kill -9 in the middle of a statement the next run waits for the server to end it", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await server.query("CREATE TABLE a (id INT PRIMARY KEY)");
  await writeMigration(folder, "1-a", ["alter table a add n int", "create table b (id int primary key)"]);
  const reader = await readerOf(t, server, "SELECT * FROM a");
  const process = startMigrating(t, server, folder, { direction: "up", kind: "ran", step: 1 });
  process.stopped.catch(() => {});
  await until("the statement to wait for the reader", () => waitsForTable(server));
  await process.kill();
  const next = migrateUp(store, { folder });
  await reader.end();
  assert.deepEqual(await next, { outcome: "done", ran: ["1-a"] });
  assert.deepEqual(
    (await server.query("SHOW COLUMNS FROM a")).map((column) => column["Field"]),
    ["id", "n"],
  );
});

test("a table that was there before is no echo of a killed run", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await server.query("CREATE TABLE a (mine INT)");
  await writeMigration(folder, "1-a", ["create table a (id int primary key)"]);
  await killed(t, server, folder, { direction: "up", kind: "step", step: 1 });
  const result = await migrateUp(store, { folder });
  assert(result.outcome === "failed");
  assert.deepEqual([result.failure.errno, result.failure.kind], [1050, "refused"]);
});

test("a migration whose finished statements were edited does not go on", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", UP, DOWN);
  await killed(t, server, folder, { direction: "up", kind: "step", step: 3 });
  await writeMigration(folder, "1-a", [UP[0] ?? "", "insert into a values (9)", ...UP.slice(2)], DOWN);
  const result = await migrateUp(store, { folder });
  assert(result.outcome === "failed");
  assert.match(result.failure.reason, /^its first 2 statements have taken effect/);
  assert.deepEqual(await server.query("SELECT id FROM a"), [{ id: 1 }]);
});

test("a connection that the server ends in the middle of a statement leaves it to the next run to find out", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await server.query("CREATE TABLE a (id INT PRIMARY KEY)");
  await writeMigration(folder, "1-a", ["alter table a add n int"]);
  const reader = await readerOf(t, server, "SELECT * FROM a");
  const lost = migrateUp(store, { folder });
  const id = await until("the statement to wait for the reader", () => waitsForTable(server));
  await server.query(`KILL ${id}`);
  const result = await lost;
  assert(result.outcome === "failed");
  assert.equal(result.failure.kind, "lost");
  await reader.end();
  assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: ["1-a"] });
});

/** A connection with an open transaction that has read; DDL on what it read waits for it to end. */
async function readerOf(
  t: TestContext,
  server: TestDatabase,
  sql: string,
): Promise<{ end(): Promise<void> }> {
  const { address, user, password, name } = server;
  assert(address.kind === "tcp");
  const { host, port } = address;
  const connection = await createConnection({ host, port, user, password, database: name });
  t.after(() => connection.destroy());
  await connection.query("START TRANSACTION");
  await connection.query(sql);
  return { end: () => connection.end() };
}

/** The id of the connection that waits for a table of the server's database, or undefined. */
async function waitsForTable(server: TestDatabase): Promise<unknown> {
  const [row] = await server.query(
    `SELECT id AS id FROM information_schema.processlist WHERE db = '${server.name}' AND state LIKE 'Waiting for table%'`,
  );
  return row?.["id"];
}

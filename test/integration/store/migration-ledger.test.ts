import assert from "node:assert/strict";
import { hostname } from "node:os";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { version } from "../../../src/cli/version.ts";
import { migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { migrationStatus, pendingMigrations } from "../../../src/store/migration-status.ts";
import { NewerSchema, refuseNewerSchema } from "../../../src/store/newer-schema.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder, startMigrating, writeMigration } from "../../support/migrations.ts";
import { database, type TestDatabase } from "../../support/servers.ts";

expectNoLeaks();

async function opened(t: TestContext, server: TestDatabase): Promise<Store> {
  const store = await openStore(server, new Map(), 2);
  t.after(() => store.close());
  return store;
}

/** The ledger as rowpost 0.1.0 made it before it recorded who ran what. */
const FIRST_FORM = `CREATE TABLE rowpost_migrations (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) COLLATE ascii_bin NOT NULL,
  direction ENUM('up', 'down') NOT NULL,
  steps_done INT UNSIGNED NOT NULL,
  done_digest CHAR(64) COLLATE ascii_bin NOT NULL,
  running CHAR(64) COLLATE ascii_bin NULL,
  executed_at DATETIME(6) NULL,
  UNIQUE rowpost_migrations_name (name)
) DEFAULT CHARACTER SET utf8mb4 ENGINE = InnoDB`;

/** How that version reads and writes it. */
const FIRST_SELECT =
  "SELECT id, name, direction, steps_done, done_digest, running, executed_at FROM rowpost_migrations ORDER BY id";
const FIRST_INSERT = (name: string) =>
  `INSERT INTO rowpost_migrations (name, direction, steps_done, done_digest, executed_at)
   VALUES ('${name}', 'up', 1, '${"0".repeat(64)}', '2026-01-02 03:04:05.000006')`;

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;

test("the ledger tells who ran a migration, where, with which version, when and how long", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", ["create table a (id int primary key)", "do sleep(0.2)"]);
  await writeMigration(folder, "2-b", ["create table b (id int primary key)"]);
  await migrateUp(store, { folder, to: "1-a" });
  const [who] = await server.query("SELECT CURRENT_USER() AS login");
  const [one, two] = await migrationStatus(store, folder);
  assert(one !== undefined && two !== undefined);
  const { begunAt, executedAt, tookMs, ...rest } = one;
  assert.deepEqual(rest, {
    name: "1-a",
    state: "executed",
    stepsDone: 2,
    runBy: who?.["login"],
    host: hostname(),
    version,
    breaking: undefined,
  });
  assert.match(begunAt ?? "", TIME);
  assert.match(executedAt ?? "", TIME);
  assert((begunAt ?? "") < (executedAt ?? ""));
  assert((tookMs ?? 0) >= 200, `${tookMs} ms`);
  const { name: _, state, stepsDone, ...nothing } = two;
  assert.deepEqual([state, stepsDone, ...new Set(Object.values(nothing))], ["pending", 0, undefined]);
});

test("a run that goes on where another one died puts its own name there and adds its time", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", ["do sleep(0.2)", "do sleep(0.1)", "create table a (id int)"]);
  const killed = startMigrating(t, server, folder, { direction: "up", kind: "step", step: 2 });
  await killed.stopped;
  await killed.kill();
  await server.query("UPDATE rowpost_migrations SET run_by='someone@else', host='there', version='0.0.9'");
  const [half] = await migrationStatus(store, folder);
  assert.deepEqual([half?.state, half?.runBy], ["half_done", "someone@else"]);
  await migrateUp(store, { folder });
  const [whole] = await migrationStatus(store, folder);
  assert.notEqual(whole?.runBy, "someone@else");
  assert.deepEqual([whole?.host, whole?.version], [hostname(), version]);
  assert.equal(whole?.begunAt, half?.begunAt);
  assert((whole?.tookMs ?? 0) >= 300, `${whole?.tookMs} ms`);
});

test("a ledger of the first form is read as it is, gets the columns at the next run, and stays readable for the old version", async (t) => {
  const server = await database(t);
  const [first, second] = [await opened(t, server), await opened(t, server)];
  const folder = await migrationFolder(t);
  await writeMigration(folder, "1-a", ["create table a (id int primary key)"]);
  await writeMigration(folder, "2-b", ["create table b (id int primary key)"], ["drop table b"]);
  await server.query(FIRST_FORM);
  await server.query(FIRST_INSERT("1-a"));
  const [old] = await migrationStatus(first, folder);
  assert.equal(old?.state, "executed");
  assert.equal(old?.executedAt, "2026-01-02 03:04:05.000006");
  assert.deepEqual([old?.begunAt, old?.tookMs, old?.runBy, old?.breaking], Array(4).fill(undefined));
  assert.deepEqual(await pendingMigrations(first, folder), ["2-b"]);

  const results = await Promise.all([migrateUp(first, { folder }), migrateUp(second, { folder })]);
  const ran = results.map((result) => (result.outcome === "done" ? result.ran : result));
  assert.deepEqual(ran.flat(), ["2-b"], "one worked, and the other one found nothing to do");
  const [still, made] = await migrationStatus(first, folder);
  assert.deepEqual(still, old, "what is not known of an old row stays unknown");
  assert.notEqual(made?.runBy, undefined);

  assert.equal((await server.query(FIRST_SELECT)).length, 2);
  await server.query(FIRST_INSERT("3-c"));
  assert.deepEqual(await migrateDown(first, { to: "1-a" }, { folder }), {
    outcome: "refused",
    reason:
      "3-c is executed: and its file is not there, so its statements are not known; use the version of rowpost that has it",
  });
  await server.query("DELETE FROM rowpost_migrations WHERE name = '3-c'");
  assert.deepEqual(await migrateDown(first, { to: "1-a" }, { folder }), { outcome: "done", ran: ["2-b"] });
});

const BREAKING = [
  { sql: "alter table a drop column n", breaking: "older workers write a.n" },
  { sql: "alter table a add m int", breaking: undefined },
  { sql: "alter table a drop column o", breaking: "older workers write a.o" },
];

test("a breaking migration is recorded as such before its first statement, until it is wholly taken back", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const [newer, older] = [await migrationFolder(t), await migrationFolder(t)];
  for (const folder of [newer, older])
    await writeMigration(folder, "1-a", ["create table a (id int primary key, n int, o int)"]);
  await writeMigration(newer, "2-b", BREAKING, ["alter table a add n int", "alter table a add o int"]);
  await migrateUp(store, { folder: older });
  await refuseNewerSchema(store, older);

  const begun = startMigrating(t, server, newer, { direction: "up", kind: "step", step: 1 });
  await begun.stopped;
  const { message } = await refused(store, older);
  assert.equal(
    message,
    "this version of rowpost does not know migration 2-b and cannot work behind it " +
      "(older workers write a.n; older workers write a.o); run the newer version",
  );
  await refuseNewerSchema(store, newer);
  await begun.kill();
  assert.deepEqual(await migrateUp(store, { folder: newer }), { outcome: "done", ran: ["2-b"] });
  await refused(store, older);
  assert.deepEqual(await pendingMigrations(store, older), []);

  const back = startMigrating(t, server, newer, { direction: "down", kind: "step", step: 2 });
  await back.stopped;
  await refused(store, older);
  await back.kill();
  await migrateDown(store, { steps: 1 }, { folder: newer });
  await refuseNewerSchema(store, older);
});

test("a first statement that is refused leaves no mark", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const [newer, older] = [await migrationFolder(t), await migrationFolder(t)];
  await writeMigration(newer, "1-a", BREAKING);
  assert.equal((await migrateUp(store, { folder: newer })).outcome, "failed");
  await refuseNewerSchema(store, older);
});

test("a migration of a newer version that only adds is no obstacle, half done or whole", async (t) => {
  const server = await database(t);
  const store = await opened(t, server);
  const [newer, older] = [await migrationFolder(t), await migrationFolder(t)];
  await writeMigration(newer, "1-a", ["create table a (id int)", "create table b (id int)"]);
  const half = startMigrating(t, server, newer, { direction: "up", kind: "step", step: 2 });
  await half.stopped;
  for (const folder of [older, newer]) await refuseNewerSchema(store, folder);
  assert.deepEqual(await pendingMigrations(store, older), []);
  assert.deepEqual(await pendingMigrations(store, newer), ["1-a"]);
  await half.kill();
  await migrateUp(store, { folder: newer });
  await refuseNewerSchema(store, older);
  await rm(join(newer, "1-a.ts"));
  assert.deepEqual(await pendingMigrations(store, newer), []);
});

async function refused(store: Store, folder: string): Promise<NewerSchema> {
  const error = await refuseNewerSchema(store, folder).catch((thrown: unknown) => thrown);
  assert(error instanceof NewerSchema, String(error));
  return error;
}

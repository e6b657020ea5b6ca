import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { MIGRATIONS_FOLDER } from "../../../src/store/migration-files.ts";
import type { MigrationStep } from "../../../src/store/migration-source.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder, startMigrating, writeMigration } from "../../support/migrations.ts";
import { type Rig, rig } from "../../support/rig.ts";

expectNoLeaks();

const NEWER = "30000101000000-newer";

/** A worker of the shipped version that is at work, and a newer version's migration for its database. */
async function oldWorker(
  t: TestContext,
  up: readonly (string | MigrationStep)[],
  down: readonly string[] = [],
) {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const folder = await migrationFolder(t);
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  await writeMigration(folder, NEWER, up, down);
  const { worker, told } = on.worker();
  await publish(on, "first");
  await told.until("the first update is applied", () => told.settled.length === 1);
  const store = await on.store();
  return { on, folder, worker, told, store };
}

function publish(on: Rig, id: string): Promise<void> {
  return on.publish([
    {
      key: id,
      body: { table: "customers", op: "insert", key: { customerID: id }, set: { firstName: "Ada" } },
    },
  ]);
}

async function deadLetters(on: Rig): Promise<number> {
  return (await on.database.query("SELECT id FROM dead_letters")).length;
}

const REQUIRED = {
  sql: "alter table customers add tier varchar(10) not null",
  breaking: "older workers insert into customers without tier, which has no default",
};
const SENTENCE =
  `this version of rowpost does not know migration ${NEWER} and cannot work behind it ` +
  `(${REQUIRED.breaking}); run the newer version`;

test("what a newer version's migration makes the server refuse pauses the worker and rejects nothing", async (t) => {
  const { on, folder, worker, told, store } = await oldWorker(
    t,
    [REQUIRED],
    ["alter table customers drop column tier"],
  );
  const before = told.reasons.length;
  assert.equal((await migrateUp(store, { folder })).outcome, "done");
  await publish(on, "second");
  await told.until("it pauses", () => told.reasons.includes(SENTENCE));
  assert.deepEqual(worker.health.reasons, [{ code: "migrations", message: SENTENCE }]);
  assert.equal(await deadLetters(on), 0);

  await migrateDown(store, { steps: 1 }, { folder });
  await told.until("it goes on", () => told.settled.length === 2);
  assert.deepEqual(told.settled, ["applied", "applied"]);
  assert.deepEqual(told.reasons.slice(before), [SENTENCE, undefined]);
  assert.equal(await deadLetters(on), 0);
  assert.equal(worker.health.ready, true);
});

test("a missing column is told as what it is: a newer version's doing, at once", async (t) => {
  const dropped = {
    sql: "alter table customers drop column lastName",
    breaking: "older workers use customers.lastName",
  };
  const { on, folder, told, store } = await oldWorker(t, [dropped]);
  const before = told.reasons.length;
  assert.equal((await migrateUp(store, { folder })).outcome, "done");
  await publish(on, "second");
  await told.until("it pauses", () => told.reasons.length > before);
  assert.match(
    told.reasons[before] ?? "",
    /does not know migration 30000101000000-newer .* run the newer version$/,
  );
});

test("a worker notices a breaking migration from its beginning, also when nothing comes to be applied", async (t) => {
  const { on, folder, told } = await oldWorker(t, ["do 1", REQUIRED]);
  const half = startMigrating(t, on.database, folder, { direction: "up", kind: "step", step: 2 });
  await half.stopped;
  await told.until("it pauses", () => told.reasons.includes(SENTENCE));
  await half.kill();
});

test("neither a whole nor a half migration of a newer version that only adds stops a worker or its start", async (t) => {
  const { on, folder, told } = await oldWorker(t, [
    "alter table customers add tier varchar(10) null",
    "alter table customers add index tiers (tier)",
  ]);
  const half = startMigrating(t, on.database, folder, { direction: "up", kind: "step", step: 2 });
  await half.stopped;
  const other = on.worker();
  await other.told.until("another one starts", () => other.worker.health.ready);
  await publish(on, "second");
  const isApplied = () => told.settled.length + other.told.settled.length === 2;
  await Promise.race([told, other.told].map((either) => either.until("it is applied", isApplied)));
  await half.kill();
  assert.equal(await deadLetters(on), 0);
});

test("a worker of the old version that starts behind a breaking migration waits, and says for what", async (t) => {
  const { on, folder, store, worker } = await oldWorker(t, [REQUIRED]);
  await worker.stop();
  await migrateUp(store, { folder });
  const late = on.worker();
  await late.told.until("it says why", () => late.told.reasons.includes(SENTENCE));
  assert.equal(late.worker.health.ready, false);
});

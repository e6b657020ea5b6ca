import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createConnection } from "mysql2/promise";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder, writeMigration } from "../../support/migrations.ts";
import { type RowpostProcess, startRowpost } from "../../support/process.ts";
import { database, type TestDatabase } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

/** A migration that stands still between two statements for as long as the test holds the lock. */
async function heldMigration(t: TestContext) {
  const server = await database(t);
  const folder = await migrationFolder(t);
  const lock = `${server.name} gate`;
  await writeMigration(folder, "1-a", [
    "create table a (id int primary key)",
    "insert into a values (1)",
    `do get_lock('${lock}', 60)`,
    "insert into a values (2)",
    "alter table a add n int not null default 7",
  ]);
  const hold = await holder(t, server, lock);
  const migrate = (...args: string[]) =>
    startRowpost(t, ["migrate", ...args, "--folder", folder], server.environment);
  const standing = () =>
    until("a run to stand between two statements", async () => {
      const [row] = await server.query(
        `SELECT id AS id FROM information_schema.processlist WHERE db='${server.name}' AND info LIKE 'do get_lock%'`,
      );
      return row !== undefined;
    });
  return { server, migrate, standing, release: () => hold.end() };
}

async function holder(t: TestContext, server: TestDatabase, lock: string) {
  const { address, user, password, name } = server;
  assert(address.kind === "tcp" && typeof password === "string");
  const { host, port } = address;
  const connection = await createConnection({ host, port, user, password, database: name });
  t.after(async () => connection.destroy());
  await connection.query("SELECT GET_LOCK(?, 0)", [lock]);
  return connection;
}

async function ended(
  process: RowpostProcess,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const { code } = await process.exited;
  return { code, text: await process.output() };
}

const ROWS = [
  { id: 1, n: 7 },
  { id: 2, n: 7 },
];

test("of two `rowpost migrate up` at once one works, and the other waits and finds nothing to do", async (t) => {
  const { server, migrate, standing, release } = await heldMigration(t);
  const first = await migrate("up");
  await standing();
  const second = await migrate("up");
  const holds = /^waiting for another run to end \(connection \d+ holds the lock\)$/m;
  await until("the second one to wait", async () => holds.test(await second.output()));
  const third = await ended(await migrate("up", "--wait", "0"));
  assert.equal(third.code, 1);
  assert.match(third.text, /another run holds the migration lock \(connection \d+\); nothing was begun/);
  assert.deepEqual([first.alive, second.alive], [true, true]);
  await release();
  const [one, two] = await Promise.all([ended(first), ended(second)]);
  assert.deepEqual([one.code, two.code], [0, 0]);
  assert.match(one.text, /^up 1-a: 5 statements\n(?: {2}\d .*\n){5} {2}done in/);
  assert.match(two.text, /\nnothing pending\n$/);
  assert.deepEqual(await server.query("SELECT * FROM a ORDER BY id"), ROWS);
});

test("`rowpost migrate up` that is killed between two statements is ended by the next one, from there", async (t) => {
  const { server, migrate, standing, release } = await heldMigration(t);
  const first = await migrate("up");
  await standing();
  await first.kill();
  const half = await ended(await migrate("status"));
  assert.match(half.text, /^half done {2}2 statements .* 1-a .*, by \S+ on \S+, rowpost /);
  const second = await migrate("up");
  await release();
  const { code, text } = await ended(second);
  assert.equal(code, 0, text);
  assert.match(text, /^(waiting .*\n)?up 1-a: 5 statements, going on behind statement 2\n {2}3 do get_lock/);
  assert.deepEqual(await server.query("SELECT * FROM a ORDER BY id"), ROWS);
  assert.match((await ended(await migrate("status"))).text, /^executed /);
});

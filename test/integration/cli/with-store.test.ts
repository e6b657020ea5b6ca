import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { withStore } from "../../../src/cli/with-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { proxied } from "../../support/proxied.ts";
import { runCommand } from "../../support/run-command.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

/** A database behind a proxy, and a command of one connection that does this work on it. */
async function open(t: TestContext) {
  const { proxy, database } = await proxied(t);
  const environment = { ...database.environment, DB_PORT: String(proxy.port) };
  const run = (work: (store: Store) => Promise<unknown>) =>
    runCommand(
      (context) =>
        new Command("work").action(async () => {
          await withStore(context, async () => new Map(), 1, work);
        }),
      [],
      { environment },
    );
  const lost = `rowpost: lost the database ${database.name} at 127.0.0.1:${proxy.port}, run the command again when it is back`;
  return { proxy, database, run, lost };
}

test("a database that cannot be reached any more ends a command with one sentence", async (t) => {
  const { proxy, run, lost } = await open(t);
  const { code, stderr } = await run(async (store) => {
    await proxy.refuse();
    proxy.cut(1);
    await until("the connection is gone", () => proxy.connections === 0);
    // The first may still be sent on the connection that is gone.
    await store.select("SELECT 1").catch(() => {});
    await store.select("SELECT 1");
  });
  assert.equal(code, 1);
  assert.equal(stderr, `${lost}: nobody listens on 127.0.0.1:${proxy.port}\n`);
});

test("a connection that is cut during a statement ends a command with one sentence", async (t) => {
  const { proxy, database, run, lost } = await open(t);
  const working = () =>
    database.query(
      `SELECT 1 FROM information_schema.processlist WHERE db='${database.name}' AND info LIKE 'DO SLEEP%'`,
    );
  const ended = run((store) => store.transaction((tx) => tx.select("DO SLEEP(20)")));
  await until("the statement is at work", async () => (await working()).length > 0);
  proxy.cut(1);
  const { code, stderr } = await ended;
  assert.equal(code, 1);
  assert.equal(stderr.replace(/: [^:]+\n$/, ""), lost);
});

test("what another server refuses is not taken for the database's loss", async (t) => {
  const { run } = await open(t);
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", errno: -111 });
  await assert.rejects(
    run(() => Promise.reject(refused)),
    refused,
  );
});

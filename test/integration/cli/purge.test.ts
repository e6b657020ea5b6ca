import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { purgeCommand } from "../../../src/cli/purge.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { runCommand } from "../../support/run-command.ts";
import { testRegistry } from "../../support/tables.ts";
import { addTo, type Desk, makeCounter, openDesk } from "./kept-letters.ts";

expectNoLeaks();

const purge = (desk: Desk, ...args: string[]) =>
  runCommand((context) => purgeCommand(context, async () => testRegistry), args, desk);

/** A receipt and a dead letter, both a thousand hours old, and a receipt of now. */
async function aged(t: TestContext): Promise<Desk> {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 1, "k-1"));
  await desk.store.select("UPDATE receipts SET applied_at=applied_at-INTERVAL 1000 HOUR");
  await desk.store.select("UPDATE dead_letters SET last_at=last_at-INTERVAL 1000 HOUR");
  await makeCounter(desk, "a");
  return desk;
}

test("a dry run counts what a purge would delete, and a purge deletes just that", async (t) => {
  const desk = await aged(t);
  const dry = await purge(desk, "--dry-run");
  assert.deepEqual(dry, {
    code: 0,
    stdout: "1 receipt older than 168 h and 1 dead letter older than 720 h would be deleted\n",
    stderr: "",
  });
  const real = await purge(desk);
  assert.equal(real.stdout, "1 receipt older than 168 h and 1 dead letter older than 720 h deleted\n");
  assert.equal((await desk.store.select("SELECT id FROM receipts")).length, 1);
  assert.equal(
    (await purge(desk)).stdout,
    "0 receipts older than 168 h and 0 dead letters older than 720 h deleted\n",
  );
});

test("the configured retention counts", async (t) => {
  const desk = await aged(t);
  const environment = {
    ...desk.environment,
    RECEIPT_RETENTION_HOURS: "1100",
    DEAD_LETTER_RETENTION_HOURS: "999",
  };
  const { stdout } = await purge({ ...desk, environment });
  assert.equal(stdout, "0 receipts older than 1100 h and 1 dead letter older than 999 h deleted\n");
});

test("a purge that finds another one at work says so and does nothing", async (t) => {
  const desk = await aged(t);
  const { promise: locked, resolve: lock } = Promise.withResolvers<void>();
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const holder = desk.store.transaction(async (tx) => {
    await tx.select("SELECT id FROM receipts FOR UPDATE");
    lock();
    await over;
  });
  await locked;
  const both = [purge(desk), purge(desk)];
  const first = await Promise.race(both);
  end();
  assert.deepEqual(first, {
    code: 0,
    stdout: "another process is purging at this moment; nothing to do\n",
    stderr: "",
  });
  const said = (await Promise.all(both)).map(({ stdout }) => stdout);
  await holder;
  assert.ok(said.includes("1 receipt older than 168 h and 1 dead letter older than 720 h deleted\n"));
});

test("a purge that is told to stop says how far it got", async (t) => {
  const desk = await aged(t);
  const surroundings = { environment: desk.environment, signal: AbortSignal.abort("SIGTERM") };
  const { code, stdout, stderr } = await runCommand(
    (context) => purgeCommand(context, async () => testRegistry),
    [],
    surroundings,
  );
  assert.equal(code, 1);
  assert.match(stdout, /^0 receipts/);
  assert.equal(stderr, "rowpost: stopped before the end\n");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { healthOf, startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Keyed, rig } from "../support/rig.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

const updates: Keyed[] = Array.from({ length: 6_000 }, (_, i) => ({
  key: `k${i}`,
  body: { table: "toots", op: "upsert", key: { id: 1 + (i % 500) }, add: { replies_count: 1 } },
}));

test("SIGTERM under load ends a worker with 0 inside its grace period, and nothing is lost or doubled", async (t) => {
  const on = await rig(t, { GRACE_SECONDS: "10", BATCH_SIZE: "20", LANES: "2" });
  await Promise.all([on.migrate(), on.topology()]);
  const worker = await startRowpost(t, ["worker"], on.environment);
  const publishing = on.publish(updates);
  await until("it is at work", async () => (await receiptCount(on.database)) > 500, { timeoutMs: 30_000 });
  const started = performance.now();
  assert.deepEqual(await worker.stop(10_000), { code: 0, signal: null });
  t.diagnostic(`stopped in ${Math.round(performance.now() - started)} ms`);
  assert.match(await worker.output(), /"message":"stopped"/);
  await publishing;
  await on.redeliver();
  await startRowpost(t, ["worker"], on.environment);
  await until("all are settled", async () => (await receiptCount(on.database)) === updates.length, {
    timeoutMs: 90_000,
    seen: () => receiptCount(on.database),
  });
  const [sum] = await on.database.query("SELECT SUM(replies_count) AS n FROM toots");
  assert.equal(Number(sum?.["n"]), updates.length);
});

test("a worker that waits for its database stops at once", async (t) => {
  const on = await rig(t, { DB_PORT: "1" });
  const worker = await startRowpost(t, ["worker"], on.environment);
  const health = await healthOf(worker);
  const { status, body } = await until("it says why", async () => {
    const answer = await health.get("/readyz");
    return answer.body.includes("ECONNREFUSED") ? answer : undefined;
  });
  assert.equal(status, 503);
  assert.equal((JSON.parse(body) as { reasons: { code: string }[] }).reasons[0]?.code, "database");
  assert.deepEqual(await worker.stop(5_000), { code: 0, signal: null });
});

test("a worker whose broker is away stops inside its grace period too", async (t) => {
  const on = await rig(t);
  await on.migrate();
  const worker = await startRowpost(t, ["worker"], {
    ...on.environment,
    PUBSUB_EMULATOR_HOST: "127.0.0.1:1",
  });
  const health = await healthOf(worker);
  await until("it says why", async () => (await health.get("/readyz")).body.includes('"subscription"'), {
    timeoutMs: 30_000,
  });
  assert.deepEqual(await worker.stop(20_000), { code: 0, signal: null });
});

test("faults of the configuration are told all at once, with exit code 2", async (t) => {
  const worker = await startRowpost(t, ["worker"], {
    LANES: "many",
    DB_PORT: "70000",
    RECEIPT_RETENTION_HOURS: "1",
  });
  assert.equal((await worker.exited).code, 2);
  const output = await worker.output();
  for (const name of ["LANES", "DB_PORT"]) assert.match(output, new RegExp(`^  ${name}: `, "m"));
});

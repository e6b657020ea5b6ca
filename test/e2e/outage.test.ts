import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { healthOf, startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Rig, rig } from "../support/rig.ts";
import { privateMysql } from "../support/servers.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

const OUTAGE_MS = 20_000;

test("a database that is away for 20 s under load costs nothing: no dead letter, no crash, all applied after", async (t) => {
  const database = await privateMysql(t);
  const on = await rig(t, {}, { database });
  await Promise.all([on.migrate(), on.topology()]);
  const worker = await startRowpost(t, ["worker"], on.environment);
  const health = await healthOf(worker);
  await until("ready", async () => (await health.get("/readyz")).status === 200);
  const load = steadyLoad(on);
  await until("updates flow", async () => (await receiptCount(on.database)) > 100);

  await database.server.stop();
  const away = performance.now();
  await until("not ready", async () => (await health.get("/readyz")).status === 503);
  const reasons = JSON.parse((await health.get("/readyz")).body) as { reasons: { code: string }[] };
  assert.equal(reasons.reasons[0]?.code, "database");
  assert.equal((await health.get("/livez")).status, 200);
  assert.match((await health.get("/metrics")).body, /^rowpost_intake_paused 1$/m);
  // The length of the outage is the subject of this test.
  await delay(OUTAGE_MS - (performance.now() - away));
  await database.server.start();
  const back = performance.now();
  await until("ready again", async () => (await health.get("/readyz")).status === 200, { timeoutMs: 20_000 });
  t.diagnostic(`ready ${Math.round(performance.now() - back)} ms after the database was back`);

  const sent = await load.stop();
  await until("every update has its receipt", async () => (await receiptCount(on.database)) === sent, {
    timeoutMs: 60_000,
    seen: async () => ({ sent, receipts: await receiptCount(on.database) }),
  });
  assert.equal(worker.alive, true);
  const outcomes = await database.query("SELECT DISTINCT outcome FROM receipts");
  assert.deepEqual(outcomes, [{ outcome: "applied" }]);
  assert.deepEqual(await database.query("SELECT * FROM dead_letters"), []);
  const [sum] = await database.query("SELECT SUM(replies_count) AS n FROM toots");
  assert.equal(Number(sum?.["n"]), sent);
});

/** Publishes 20 increments every 100 ms until stopped; then says how many went out. */
function steadyLoad(on: Rig): { stop(): Promise<number> } {
  let sent = 0;
  let going = true;
  const body = (i: number) => ({
    table: "toots",
    op: "upsert",
    key: { id: 1 + (i % 50) },
    add: { replies_count: 1 },
  });
  const running = (async () => {
    while (going) {
      await on.publish(
        Array.from({ length: 20 }, (_, i) => ({ key: `load-${sent + i}`, body: body(sent + i) })),
      );
      sent += 20;
      await delay(100);
    }
  })();
  return {
    async stop() {
      going = false;
      await running;
      return sent;
    },
  };
}

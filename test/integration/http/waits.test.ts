import assert from "node:assert/strict";
import { after, test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { privateMysql } from "../../support/servers.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";
import { rig as rigOn } from "../../support/rig.ts";
import { until } from "../../support/until.ts";

const file = { after };
const rig = await preparedRig(file);
const sidecar = await testSidecar(file, {}, { rig });
expectNoLeaks();

const CLIENTS = 1_000;
/** The shortest time between two looks of `ReceiptWaits`, in ms. */
const TICK_MS = 10;

const customer = (id: string) => ({ table: "customers", op: "upsert", key: { customerID: id } });

async function metric(name: string): Promise<number> {
  const { text } = await sidecar.get("/metrics");
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

test("1,000 clients that wait at once all get their receipts, for one lookup a tick", async (t) => {
  const started = performance.now();
  const answers = Array.from({ length: CLIENTS }, (_, i) =>
    sidecar.post("/updates", customer(`w-${i}`), { prefer: "wait=30", "idempotency-key": `w-${i}` }),
  );
  await until("all wait", async () => (await metric("rowpost_http_waiters")) === CLIENTS, {
    timeoutMs: 20_000,
  });
  const { worker } = rig.worker();
  const keys = new Set<string>();
  for (const answer of await Promise.all(answers)) {
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.outcome, "applied");
    keys.add(answer.json.idempotencyKey);
  }
  const elapsed = performance.now() - started;
  assert.equal(keys.size, CLIENTS);
  const lookups = await metric("rowpost_http_receipt_lookups_total");
  t.diagnostic(`${lookups} lookups in ${Math.round(elapsed)} ms`);
  assert.ok(lookups <= elapsed / TICK_MS + 1, `${lookups} lookups in ${elapsed} ms`);
  assert.ok(lookups < CLIENTS / 2);
  assert.equal(await metric("rowpost_http_waiters"), 0);
  await worker.stop();
});

test("who waits while the database goes away and comes back gets the receipt all the same", async (t) => {
  const server = await privateMysql(t);
  const on = await rigOn(t, {}, { database: server, broker: rig.broker });
  await Promise.all([on.migrate(), on.topology()]);
  const own = await testSidecar(t, {}, { rig: on });
  const { worker, told } = on.worker();
  const first = await own.post("/updates", customer("before"), { prefer: "wait=30" });
  assert.equal(first.status, 200, first.text);
  await server.server.stop();
  const waiting = own.post("/updates", customer("during"), { prefer: "wait=30" });
  await told.until("the worker pauses", () => told.reasons.at(-1) !== undefined);
  const refused = await own.get(`/updates/${first.json.idempotencyKey}`);
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.json.code, "database_unavailable");
  assert.equal((await own.get("/readyz")).status, 200);
  await server.server.start();
  const answer = await waiting;
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.outcome, "applied");
  await worker.stop();
});

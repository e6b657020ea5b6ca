import assert from "node:assert/strict";
import { test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Keyed, type Rig, rig } from "../support/rig.ts";
import { until } from "../support/until.ts";
import { randomFrom, shuffled, type Workload, workload } from "../support/workload.ts";

expectNoLeaks();

const UPDATES = 20_000;
const WORKER = { PUBSUB_STREAMS: "10", LOG_LEVEL: "warn" };

test("20,000 updates, each delivered twice and shuffled, take effect exactly once on two workers", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const plan = workload(UPDATES, 1);
  await Promise.all([startWorker(t, on), startWorker(t, on)]);
  await publishTwice(on, plan, 1);
  await settled(on, plan);
  await assertExact(on, plan);
});

test("three workers killed in the middle of it change nothing about that", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const plan = workload(UPDATES, 2);
  let victim = await startWorker(t, on);
  await startWorker(t, on);
  const publishing = publishTwice(on, plan, 2);
  for (const share of [0.1, 0.3, 0.5]) {
    await until(
      `${share * 100} % are settled`,
      async () => (await receiptCount(on.database)) > UPDATES * share,
      { timeoutMs: 60_000 },
    );
    const { signal } = await victim.kill();
    assert.equal(signal, "SIGKILL");
    victim = await startWorker(t, on);
  }
  await publishing;
  await settled(on, plan);
  await assertExact(on, plan);
});

async function startWorker(t: Parameters<typeof startRowpost>[0], on: Rig) {
  return startRowpost(t, ["worker"], { ...WORKER, ...on.environment });
}

async function publishTwice(on: Rig, { updates }: Workload, seed: number): Promise<void> {
  const random = randomFrom(seed + 1_000);
  const deliveries: Keyed[] = shuffled([...updates, ...updates], random);
  for (let at = 0; at < deliveries.length; at += 2_000) await on.publish(deliveries.slice(at, at + 2_000));
}

/** Every update has its receipt. While nothing comes, the emulator is reminded of what killed workers held. */
async function settled(on: Rig, plan: Workload): Promise<void> {
  let count = 0;
  let progress = performance.now();
  const all = async () => {
    const now = await receiptCount(on.database);
    if (now > count) progress = performance.now();
    count = now;
    if (performance.now() - progress > 5_000) {
      progress = performance.now();
      await on.redeliver();
    }
    return count === plan.receipts.size;
  };
  await until("every update has a receipt", all, { timeoutMs: 150_000, seen: () => count });
}

async function assertExact(on: Rig, plan: Workload): Promise<void> {
  const receipts = await on.database.query("SELECT idempotency_key AS k,outcome,code FROM receipts");
  assert.equal(receipts.length, plan.receipts.size);
  for (const { k, outcome, code } of receipts) {
    const expected = plan.receipts.get(String(k));
    const said = String(code ?? outcome);
    if (expected === "settled") assert.ok(["applied", "stale", "unchanged"].includes(said), `${k}: ${said}`);
    else assert.equal(said, expected, String(k));
  }
  assert.deepEqual(await tableRows(on), plan.rows);
  const letters = await on.database.query("SELECT idempotency_key AS k,code FROM dead_letters");
  const rejected = [...plan.receipts].filter(([, code]) => !["applied", "settled"].includes(code));
  assert.deepEqual(new Map(letters.map(({ k, code }) => [String(k), String(code)])), new Map(rejected));
  assert.equal(letters.length, rejected.length, "one dead letter each");
}

async function tableRows(on: Rig) {
  const toots = await on.database.query("SELECT id,replies_count FROM toots");
  const feed = await on.database.query("SELECT guid,title,pubDate FROM feed");
  const customers = await on.database.query("SELECT customerID,firstName,lastName FROM customers");
  const rows: [string, Record<string, unknown>][] = [
    ...toots.map(({ id, ...row }): [string, Record<string, unknown>] => [`toots/${id}`, row]),
    ...feed.map(({ guid, ...row }): [string, Record<string, unknown>] => [`feed/${guid}`, row]),
    ...customers.map(({ customerID, ...row }): [string, Record<string, unknown>] => [
      `customers/${customerID}`,
      row,
    ]),
  ];
  return new Map(rows);
}

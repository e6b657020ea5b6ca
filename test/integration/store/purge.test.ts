import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { applyBatch } from "../../../src/apply/batch.ts";
import { countExpired, purge } from "../../../src/store/purge.ts";
import type { Store } from "../../../src/store/store.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";
import { counters, testRegistry } from "../../support/tables.ts";
import { change, decoded } from "../../support/updates.ts";

expectNoLeaks();

const RETENTION = { receiptHours: 168, deadLetterHours: 720 };
const open = (t: TestContext) => testStore(t, testRegistry, 4);

/** Numbers from 0 to 99,999, without the limits that servers set on recursion. */
const DIGITS =
  "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4" +
  " UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
const NUMBERS =
  "(SELECT a.d+10*b.d+100*c.d+1000*e.d+10000*f.d AS n FROM " +
  ["a", "b", "c", "e", "f"].map((name) => `${DIGITS} ${name}`).join(",") +
  ") numbers";

/** Receipts named `<name>0`, `<name>1`, …, in this order, applied so many hours ago, each a millisecond after the one before. */
async function addReceipts(store: Store, name: string, count: number, hoursAgo: number): Promise<void> {
  const key = `CONCAT('${name}',n)`;
  await store.select(
    "INSERT INTO receipts (key_id,idempotency_key,fingerprint,outcome,rows_changed,message_id,published_at,applied_at)" +
      ` SELECT UNHEX(LEFT(SHA2(${key},256),32)),${key},REPEAT('f',32),'applied',1,n,UTC_TIMESTAMP(6),` +
      `UTC_TIMESTAMP(6)-INTERVAL ${hoursAgo} HOUR+INTERVAL n*1000 MICROSECOND FROM ${NUMBERS} WHERE n<${count} ORDER BY n`,
  );
}

async function addDeadLetters(store: Store, name: string, count: number, hoursAgo: number): Promise<void> {
  const key = `CONCAT('${name}',n)`;
  const at = `UTC_TIMESTAMP(6)-INTERVAL ${hoursAgo} HOUR`;
  await store.select(
    "INSERT INTO dead_letters (key_id,idempotency_key,fingerprint,code,message,data,attributes,message_id,published_at," +
      `first_at,last_at) SELECT UNHEX(LEFT(SHA2(${key},256),32)),${key},REPEAT('f',32),'invalid','no','{}','{}',n,${at},` +
      `UTC_TIMESTAMP(6)-INTERVAL 9999 HOUR,${at} FROM ${NUMBERS} WHERE n<${count} ORDER BY n`,
  );
}

async function keys(store: Store, table: "receipts" | "dead_letters"): Promise<unknown[]> {
  const rows = await store.select(`SELECT idempotency_key AS k FROM ${table} ORDER BY id`);
  return rows.map((row) => row["k"]);
}

test("a purge deletes what is older than its retention, and nothing else", async (t) => {
  const store = await open(t);
  await addReceipts(store, "old", 3, 169);
  await addReceipts(store, "kept", 2, 167);
  await addDeadLetters(store, "old", 2, 721);
  await addDeadLetters(store, "kept", 1, 719);
  assert.deepEqual(await countExpired(store, RETENTION), { receipts: 3, deadLetters: 2 });
  assert.deepEqual(await purge(store, RETENTION), { receipts: 3, deadLetters: 2 });
  assert.deepEqual(await keys(store, "receipts"), ["kept0", "kept1"]);
  assert.deepEqual(await keys(store, "dead_letters"), ["kept0"]);
  assert.deepEqual(await countExpired(store, RETENTION), { receipts: 0, deadLetters: 0 });
  assert.deepEqual(await purge(store, RETENTION), { receipts: 0, deadLetters: 0 });
});

test("25,000 receipts go in chunks of a thousand, between which it can be stopped", async (t) => {
  const store = await open(t);
  await addReceipts(store, "old", 25_000, 200);
  await addReceipts(store, "kept", 10, 1);
  assert.equal((await countExpired(store, RETENTION)).receipts, 25_000);
  let asked = 0;
  const stopped = {
    get aborted() {
      asked += 1;
      return asked > 3;
    },
  } as AbortSignal;
  assert.deepEqual(await purge(store, { ...RETENTION, signal: stopped }), {
    receipts: 3_000,
    deadLetters: 0,
  });
  const [oldest] = await store.select("SELECT idempotency_key AS k FROM receipts ORDER BY id LIMIT 1");
  assert.equal(oldest?.["k"], "old3000");
  assert.deepEqual(await purge(store, RETENTION), { receipts: 22_000, deadLetters: 0 });
  assert.equal((await keys(store, "receipts")).length, 10);
});

test("dead letters beyond one chunk all go, the least recent first", async (t) => {
  const store = await open(t);
  await addDeadLetters(store, "younger", 700, 800);
  await addDeadLetters(store, "older", 700, 900);
  let asked = 0;
  // One question before the receipts, one before each chunk of dead letters.
  const stopped = {
    get aborted() {
      asked += 1;
      return asked > 2;
    },
  } as AbortSignal;
  assert.deepEqual(await purge(store, { ...RETENTION, signal: stopped }), {
    receipts: 0,
    deadLetters: 1_000,
  });
  assert.ok((await keys(store, "dead_letters")).every((key) => String(key).startsWith("younger")));
  assert.deepEqual(await purge(store, RETENTION), { receipts: 0, deadLetters: 400 });
});

test("of two purges at once one works and the other leaves it to it", async (t) => {
  const store = await open(t);
  await addReceipts(store, "old", 10, 200);
  const stores = [store, store];
  // The receipts are locked, so whoever is elected waits until the other one has been told.
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const { promise: locked, resolve: lock } = Promise.withResolvers<void>();
  const holder = store.transaction(async (tx) => {
    await tx.select("SELECT id FROM receipts FOR UPDATE");
    lock();
    await told;
  });
  await locked;
  const both = stores.map((one) => purge(one, RETENTION));
  const first = await Promise.race(both);
  tell();
  assert.equal(first, undefined);
  const results = await Promise.all(both);
  await holder;
  assert.deepEqual(
    results.filter((one) => one !== undefined),
    [{ receipts: 10, deadLetters: 0 }],
  );
  assert.deepEqual(await purge(store, RETENTION), { receipts: 0, deadLetters: 0 });
});

test("receipts that do not stand in the exact order of their times go when their own time has come", async (t) => {
  const store = await open(t);
  await addReceipts(store, "a", 2, 169);
  await addReceipts(store, "late", 1, 167);
  await addReceipts(store, "b", 2, 169);
  assert.deepEqual(await purge(store, RETENTION), { receipts: 2, deadLetters: 0 });
  assert.deepEqual(await keys(store, "receipts"), ["late0", "b0", "b1"]);
  await store.select("UPDATE receipts SET applied_at=applied_at-INTERVAL 2 HOUR");
  assert.deepEqual(await purge(store, RETENTION), { receipts: 3, deadLetters: 0 });
});

test("a receipt that has replaced an old one is kept for its own time", async (t) => {
  const store = await open(t);
  const update = decoded("k-1", change(counters, "update", { key: { id: "a" }, add: { n: 1 } }));
  await applyBatch(store, [update]);
  await store.select("UPDATE receipts SET applied_at=UTC_TIMESTAMP(6)-INTERVAL 200 HOUR");
  await applyBatch(store, [decoded("k-2", change(counters, "insert", { key: { id: "a" } })), update]);
  assert.deepEqual(await purge(store, RETENTION), { receipts: 0, deadLetters: 0 });
  assert.deepEqual(await store.select("SELECT outcome FROM receipts"), [
    { outcome: "applied" },
    { outcome: "applied" },
  ]);
  assert.equal((await applyBatch(store, [update])).committed, true);
  assert.deepEqual(await store.select("SELECT n FROM counters"), [{ n: 1 }]);
});

test("a purge waits for no worker: it deletes while batches are written", async (t) => {
  const store = await open(t);
  await addReceipts(store, "old", 5_000, 200);
  const update = (i: number) =>
    decoded(`new-${i}`, change(counters, "upsert", { key: { id: "a" }, add: { n: 1 } }));
  const writing = (async () => {
    for (let i = 0; i < 20; i += 1) {
      const { committed } = await applyBatch(store, [update(2 * i), update(2 * i + 1)]);
      assert.ok(committed);
    }
  })();
  const [purged] = await Promise.all([purge(store, RETENTION), writing]);
  assert.deepEqual(purged, { receipts: 5_000, deadLetters: 0 });
  assert.equal((await keys(store, "receipts")).length, 40);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { type Keyed, rig } from "../../support/rig.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

const customer = (id: string, firstName: string) => ({
  table: "customers",
  op: "upsert",
  key: { customerID: id },
  set: { firstName },
});

const many = (n: number, prefix = "k"): Keyed[] =>
  Array.from({ length: n }, (_, i) => ({ key: `${prefix}${i}`, body: customer(`c${i}`, `name ${i}`) }));

const increments = (n: number): Keyed[] =>
  Array.from({ length: n }, (_, i) => ({
    key: `inc${i}`,
    body: { table: "toots", op: "upsert", key: { id: "109382716453829173" }, add: { replies_count: 1 } },
  }));

test("updates are applied, acknowledged, and leave receipts; hot rows share a batch", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  await on.publish([...many(300), ...increments(300), { key: "bad", body: "{" }]);
  const { worker, told } = on.worker();
  await told.until("all settled", () => told.settled.length >= 601);
  assert.deepEqual(worker.health, { ready: true, reasons: [] });
  await worker.stop();
  const [rows] = await on.database.query("SELECT COUNT(*) AS n FROM customers");
  assert.equal(String(rows?.["n"]), "300");
  assert.deepEqual(await on.database.query("SELECT id,replies_count FROM toots"), [
    { id: "109382716453829173", replies_count: 300 },
  ]);
  const counts = await on.database.query(
    "SELECT outcome,COUNT(*) AS n FROM receipts GROUP BY outcome ORDER BY outcome",
  );
  assert.deepEqual(
    counts.map(({ outcome, n }) => `${outcome} ${n}`),
    ["applied 600", "rejected 1"],
  );
  const again = on.worker();
  await again.told.until("the next worker pulls", () => again.told.lost.includes(undefined));
  await on.publish([{ key: "last", body: customer("last", "last") }]);
  await again.told.until("the marker is settled", () => again.told.settled.includes("applied"));
  assert.deepEqual(again.told.settled, ["applied"], "what was acknowledged does not come again");
});

test("updates of one row are applied in the order in which they arrive", async (t) => {
  const on = await rig(t, { LANES: "4", BATCH_SIZE: "7" });
  await Promise.all([on.migrate(), on.topology()]);
  const { told } = on.worker();
  const rows = ["a", "b", "c"];
  for (let i = 0; i < 60; i += 1) {
    const name = (n: number) => `${n}`;
    const expect = i === 0 ? {} : { expect: { firstName: name(i - 1) } };
    for (const row of rows) {
      const op = i === 0 ? "insert" : "update";
      const body = {
        table: "customers",
        op,
        key: { customerID: row },
        set: { firstName: name(i) },
        ...expect,
      };
      await on.publish([{ key: `${row}${i}`, body }]);
    }
  }
  await told.until("all settled", () => told.settled.length >= 180);
  const names = await on.database.query("SELECT customerID,firstName FROM customers ORDER BY customerID");
  // The emulator may deliver out of order across streams; what was out of order was refused, never applied wrongly.
  const refused = told.settled.filter((word) => word !== "applied");
  assert.ok(
    refused.every((word) => word === "expectation_failed" || word === "row_missing"),
    String(refused),
  );
  if (refused.length === 0)
    assert.deepEqual(
      names.map(({ firstName }) => firstName),
      ["59", "59", "59"],
    );
});

test("a batch that waits for somebody's lock holds up no other rows, and is applied when the lock is gone", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const { worker, told } = on.worker();
  const settled = (count: number) =>
    told.until(`${count} are settled`, () => told.settled.length >= count, 10_000);
  await on.publish([{ key: "first", body: customer("locked", "first") }]);
  await settled(1);
  const store = await on.store();
  await store.transaction(async (tx) => {
    await tx.select("SELECT customerID FROM customers WHERE customerID='locked' FOR UPDATE");
    await on.publish([{ key: "blocked", body: customer("locked", "second") }]);
    await until("it is in a lane", () => worker.queue.lanesBusy === 1);
    await on.publish(["a", "b", "c"].map((key) => ({ key, body: customer("locked", key) })));
    await until("three wait behind it", () => worker.queue.messages === 3);
    await on.publish([{ key: "free", body: customer("free", "at once") }]);
    await settled(2);
    assert.deepEqual(
      await on.database.query("SELECT customerID,firstName FROM customers ORDER BY customerID"),
      [
        { customerID: "free", firstName: "at once" },
        { customerID: "locked", firstName: "first" },
      ],
    );
  });
  await settled(6);
  assert.deepEqual(new Set(told.settled), new Set(["applied"]));
});

test("a worker waits for its database, its migrations and its subscription, says so, and starts when they are there", async (t) => {
  const on = await rig(t);
  await on.database.query(`DROP DATABASE ${on.config.database.name}`);
  const { worker, told } = on.worker();
  await told.until("the database is missed", () => /Unknown database/.test(told.reasons.at(-1) ?? ""));
  assert.equal(worker.health.ready, false);
  await createDatabase(on);
  await told.until("migrations are missed", () =>
    /migrations are pending: .*create-receipts/.test(told.reasons.at(-1) ?? ""),
  );
  await on.migrate();
  await told.until("the subscription is missed", () => /topology apply/.test(told.lost.at(-1) ?? ""));
  assert.equal(worker.health.reasons[0]?.code, "subscription");
  await on.topology();
  await on.publish(many(1));
  await told.until("it is applied", () => told.settled.includes("applied"));
  assert.deepEqual(worker.health, { ready: true, reasons: [] });
});

test("a table that disappears pauses the intake and rejects nothing; when it is back all is applied", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const { worker, told } = on.worker();
  await on.publish(many(10));
  await told.until("the first are applied", () => told.settled.length >= 10);
  await on.database.query("RENAME TABLE customers TO gone");
  await on.publish(many(10, "later"));
  await told.until("it pauses", () => worker.health.reasons[0]?.code === "database");
  assert.match(worker.health.reasons[0]?.message ?? "", /customers/);
  await on.database.query("RENAME TABLE gone TO customers");
  await told.until("all are settled", () => told.settled.length >= 20);
  assert.ok(
    told.settled.every((word) => word === "applied" || word === "unchanged"),
    String(told.settled),
  );
  assert.deepEqual(await on.database.query("SELECT * FROM dead_letters"), []);
});

test("a stopping worker gives back what it has not begun, and loses nothing", async (t) => {
  const on = await rig(t, { BATCH_SIZE: "1", LANES: "1" });
  await Promise.all([on.migrate(), on.topology()]);
  await on.publish(many(500));
  const first = on.worker();
  // What is still on its way over the network when the stream ends comes again only when its lease is over.
  await first.told.until("all is here", () => {
    return first.updates.outstandingMessages + first.told.settled.length >= 500;
  });
  await first.worker.stop();
  const done = first.told.settled.length;
  assert.ok(done < 500, "stopped in the middle");
  // Before the second one starts: what it holds by then would come to it twice.
  await on.redeliver();
  const second = on.worker();
  await second.told.until("the rest is settled", () => done + second.told.settled.length >= 500, 60_000);
  const duplicates = second.told.settled.filter((word) => word === "duplicate").length;
  assert.equal(duplicates, 0, "every ack of the first was confirmed before it ended");
  const [rows] = await on.database.query("SELECT COUNT(*) AS n FROM receipts");
  assert.equal(String(rows?.["n"]), "500");
});

test("rejected updates are also published to the dead-letter topic, with the rejection in attributes", async (t) => {
  const on = await rig(t, { PUBSUB_DEAD_LETTER_TOPIC: "rejected-updates" });
  await Promise.all([on.migrate(), on.topology()]);
  const [subscription] = await on.client.api
    .topic("rejected-updates")
    .createSubscription("rejected-updates-test");
  const came = Promise.withResolvers<Record<string, string>>();
  subscription.on("message", (message) => {
    message.ack();
    came.resolve(message.attributes);
  });
  t.after(() => subscription.close());
  on.worker();
  await on.publish([
    { key: "k1", body: { table: "nowhere", op: "delete", key: { id: 1 } }, attributes: { origin: "test" } },
  ]);
  const attributes = await came.promise;
  assert.equal(attributes["idempotency-key"], "k1");
  assert.equal(attributes["origin"], "test");
  assert.equal(attributes["rowpost-rejection-code"], "unknown_table");
  assert.equal(attributes["rowpost-rejection-pointer"], "/table");
});

test("receipts that would be forgotten before the subscription's messages forbid to start, with both numbers", async (t) => {
  const on = await rig(t, {
    RECEIPT_RETENTION_HOURS: "100",
    REPLAY_MAX_AGE_HOURS: "90",
    PUBSUB_MESSAGE_RETENTION_HOURS: "96",
  });
  await Promise.all([on.migrate(), on.topology()]);
  await on.client.api
    .subscription(on.config.pubsub.subscription)
    .setMetadata({ messageRetentionDuration: 168 * 3600 });
  const { worker, told } = on.worker();
  await told.until("it says so", () => /100 h must exceed .* 168 h/.test(told.reasons.at(-1) ?? ""));
  await until("not ready", () => !worker.health.ready);
});

async function createDatabase(on: Awaited<ReturnType<typeof rig>>): Promise<void> {
  const { createConnection } = await import("mysql2/promise");
  const { address, user, password, name } = on.database;
  if (address.kind !== "tcp") throw new Error("tcp only");
  const connection = await createConnection({ host: address.host, port: address.port, user, password });
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.end();
}

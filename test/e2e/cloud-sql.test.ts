import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type CloudSql, cloudSql, googleError } from "../support/cloud-sql.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { type MetadataServer, metadataServer } from "../support/metadata-server.ts";
import { healthOf, startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Rig, rig } from "../support/rig.ts";
import { database, type Scope } from "../support/servers.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

/** A rig whose processes reach their database through an instance of Cloud SQL, with the identity of a Google machine. */
async function cloudRig(
  t: Scope,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly on: Rig; readonly cloud: CloudSql; readonly metadata: MetadataServer }> {
  const db = await database(t);
  const [cloud, metadata] = await Promise.all([cloudSql(t, db), metadataServer(t)]);
  const variables = { INSTANCE_HOST: "", ...cloud.environment, ...metadata.environment, ...environment };
  return { on: await rig(t, variables, { database: db }), cloud, metadata };
}

/** A command in a process of its own, and how long it took, in ms. */
async function ran(t: Scope, on: Rig, args: readonly string[]) {
  const since = performance.now();
  const process = await startRowpost(t, args, on.environment);
  await until(`${args.join(" ")} ends`, () => !process.alive, { timeoutMs: 30_000 });
  return { output: await process.output(), ms: Math.round(performance.now() - since) };
}

test("commands migrate a database behind a private address, and end when they are done", async (t) => {
  const { on, cloud } = await cloudRig(t, { INSTANCE_NETWORK: "private" });
  await ran(t, on, ["migrate", "up"]);
  assert.equal((await on.database.query("SHOW TABLES LIKE 'receipts'")).length, 1);
  const status = await ran(t, on, ["migrate", "status"]);
  const asIs = await ran(t, { ...on, environment: { ...on.environment, ...on.database.environment } }, [
    "migrate",
    "status",
  ]);
  assert.equal(status.output, asIs.output);
  assert.ok(cloud.arrivals.length >= 2);
  assert.ok(cloud.arrivals.every(({ network }) => network === "private"));
  t.diagnostic(`migrate status took ${status.ms} ms through the connector, ${asIs.ms} ms by TCP`);
});

test("a command that may not connect ends with one sentence that names the role", async (t) => {
  const { on, cloud } = await cloudRig(t);
  cloud.behaviour.error = googleError(
    403,
    "notAuthorized",
    "The client is not authorized to make this request.",
  );
  const { output } = await ran(t, on, ["migrate", "status"]);
  assert.match(
    output,
    /^rowpost: cannot open the database \w+ at demo:europe-west1:main \(public address\): .*roles\/cloudsql.client.*\n$/,
  );
});

test("a worker through the connector loses and doubles nothing while its connections are cut and the instance moves", async (t) => {
  const { on, cloud } = await cloudRig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const worker = await startRowpost(t, ["worker"], on.environment);
  const health = await healthOf(worker);
  await until("ready", async () => (await health.get("/readyz")).status === 200);
  let sent = 0;
  const publish = async () => {
    const body = { table: "toots", op: "upsert", key: { id: 1 + (sent % 50) }, add: { replies_count: 1 } };
    await on.publish(Array.from({ length: 20 }, (_, i) => ({ key: `k${sent + i}`, body })));
    sent += 20;
  };
  for (let round = 0; round < 40; round += 1) {
    await publish();
    if (round % 4 === 1) cloud.cut();
    if (round % 4 === 3) cloud.cut(0.5);
    if (round === 20) await cloud.move();
    if (round === 30) cloud.renewServer({ told: true });
    // The pace of the load.
    await delay(100);
  }
  let seen: unknown;
  const all = async () => {
    const there = await receiptCount(on.database);
    seen = { sent, receipts: there, log: (await worker.output()).slice(-3_000) };
    return there === sent;
  };
  await until("every update has its receipt", all, { timeoutMs: 60_000, seen: () => seen });
  assert.equal(worker.alive, true);
  assert.deepEqual(await on.database.query("SELECT DISTINCT outcome FROM receipts"), [
    { outcome: "applied" },
  ]);
  assert.deepEqual(await on.database.query("SELECT * FROM dead_letters"), []);
  const [sum] = await on.database.query("SELECT SUM(replies_count) AS n FROM toots");
  assert.equal(Number(sum?.["n"]), sent);
  t.diagnostic(
    `${sent} updates over ${cloud.arrivals.length} connections, ${cloud.certificates} certificates`,
  );
});

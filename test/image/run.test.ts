import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { freePort } from "../../src/local/free-port.ts";
import { type Container, imageOfRun, startContainer } from "../support/container.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Keyed, type Rig, rig } from "../support/rig.ts";
import { postUpdate } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

const image = imageOfRun();

/** Generous, as a machine that does other things too is slow; the times are printed. */
const COLD_START_MS = 15_000;

/** 120 and 110 MiB, in MB. 57 of each is Node's own program, which all processes of a machine share. */
const IDLE_MB = { worker: 125, sidecar: 115 };

test("migrate, topology, worker and sidecar of one image apply an update, with nowhere to write", async (t) => {
  const receiver = await otlpReceiver(t);
  const on = await asOwnUser(await rig(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }));
  await ended(await startContainer(t, image, ["migrate", "up"], on.environment));
  await ended(await startContainer(t, image, ["topology", "apply"], on.environment));
  const { url: workerUrl } = await startWorker(t, on);
  const { url: sidecarUrl } = await startSidecar(t, on, workerUrl);
  const answer = await postUpdate(
    sidecarUrl,
    "image-1",
    { table: "customers", op: "upsert", key: { customerID: "c-42" }, set: { firstName: "Ada" } },
    { prefer: "wait=20" },
  );
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { outcome: string }).outcome, "applied");
  const [row] = await on.database.query("SELECT firstName FROM customers WHERE customerID = 'c-42'");
  assert.equal(row?.["firstName"], "Ada");
  for (const url of [workerUrl, sidecarUrl]) {
    for (const path of ["/livez", "/readyz", "/startupz", "/metrics"]) {
      assert.equal((await fetch(`${url}${path}`)).status, 200, path);
    }
  }
  await ended(await startContainer(t, image, ["migrate", "check"], on.environment));
  const told = ["POST /updates", "publish rowpost-updates", "deliver rowpost-updates-worker", "commit"];
  await receiver.until("its trace is whole", (spans) =>
    told.every((name) => spans.some((span) => span.name === name)),
  );
});

test("a worker is at its first commit soon after its start, and worker and sidecar are small while idle", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  await on.publish(loads("cold", 1));
  const start = performance.now();
  const { container: worker, url: workerUrl } = await startWorker(t, on);
  await until("the first commit", async () => (await receiptCount(on.database)) === 1, {
    timeoutMs: COLD_START_MS,
  });
  t.diagnostic(`cold start to first commit: ${Math.round(performance.now() - start)} ms`);
  const { container: sidecar, url: sidecarUrl } = await startSidecar(t, on, workerUrl);
  // It opens its connections at its first question.
  assert.equal((await fetch(`${sidecarUrl}/updates/cold0`)).status, 200);
  for (const [name, container] of Object.entries({ worker, sidecar })) {
    const most = IDLE_MB[name as keyof typeof IDLE_MB];
    await until(`the idle ${name} is below ${most} MB`, async () => (await container.residentMb()) < most, {
      timeoutMs: 60_000,
      seen: () => container.residentMb(),
    });
    t.diagnostic(`${name}, idle: ${Math.round(await container.residentMb())} MB`);
  }
});

test("SIGTERM under load ends the image's process 1 with 0 in its grace period; nothing is lost, and no more than a batch comes again", async (t) => {
  const [lanes, batch] = [2, 20];
  const on = await rig(t, { GRACE_SECONDS: "10", LANES: String(lanes), BATCH_SIZE: String(batch) });
  await Promise.all([on.migrate(), on.topology()]);
  const updates = loads("load", 6_000);
  const first = await startWorker(t, on);
  const publishing = on.publish(updates);
  await until("it is at work", async () => (await receiptCount(on.database)) > 500, { timeoutMs: 30_000 });
  const start = performance.now();
  assert.deepEqual(await first.container.stop(10_000), { code: 0, signal: null });
  const took = performance.now() - start;
  assert.match(await first.container.output(), /"message":"stopped"/);
  const committed = await receiptCount(on.database);
  assert.ok(committed < updates.length, "there was still work to do");
  await publishing;
  // Before the second one starts: what it holds by then would come to it twice.
  await on.redeliver();
  const second = await startWorker(t, on);
  await until("all are settled", async () => (await receiptCount(on.database)) === updates.length, {
    timeoutMs: 90_000,
    seen: () => receiptCount(on.database),
  });
  const [sum] = await on.database.query("SELECT SUM(replies_count) AS n FROM toots");
  assert.equal(Number(sum?.["n"]), updates.length);
  const metrics = await (await fetch(`${second.url}/metrics`)).text();
  const again = Number(/^rowpost_deliveries_total\{settlement="duplicate"\} (\d+)$/m.exec(metrics)?.[1]);
  t.diagnostic(`stopped in ${Math.round(took)} ms with ${committed} committed; ${again} of them came again`);
  assert.ok(again <= lanes * batch);
});

/** The rig with a database user who has all rights on the one database and no others, as in compose.yaml. He goes with the run's server. */
async function asOwnUser(on: Rig): Promise<Rig> {
  const { name, query } = on.database;
  const user = `'${name}'@'%'`;
  await query(`CREATE USER ${user} IDENTIFIED BY 'own'`);
  await query(`GRANT ALL ON ${name}.* TO ${user}`);
  return { ...on, environment: { ...on.environment, DB_USER: name, DB_PASS: "own" } };
}

/** Updates that add 1 to one of 500 rows each. */
function loads(prefix: string, count: number): Keyed[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `${prefix}${i}`,
    body: { table: "toots", op: "upsert", key: { id: 1 + (i % 500) }, add: { replies_count: 1 } },
  }));
}

async function startWorker(t: TestContext, on: Rig) {
  const port = await freePort();
  const container = await startContainer(t, image, ["worker"], {
    ...on.environment,
    WORKER_PORT: String(port),
  });
  return { container, url: `http://127.0.0.1:${port}` };
}

/** A sidecar that looks after a worker; resolves when it says that both are ready. */
async function startSidecar(t: TestContext, on: Rig, workerUrl: string) {
  const port = await freePort();
  const variables = { ...on.environment, PORT: String(port), WORKER_URL: workerUrl };
  const container = await startContainer(t, image, ["sidecar"], variables);
  const url = `http://127.0.0.1:${port}`;
  await until("both are ready", async () => (await fetch(`${url}/readyz`)).ok, {
    timeoutMs: 30_000,
    seen: () => container.output(),
  });
  return { container, url };
}

async function ended(container: Container): Promise<void> {
  const exit = await container.exited;
  assert.deepEqual(exit, { code: 0, signal: null }, await container.output());
}

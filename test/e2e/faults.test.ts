import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { expectNoLeaks } from "../support/leaks.ts";
import { type RowpostProcess, startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Rig, rig } from "../support/rig.ts";
import { privateMysql, type TestServer } from "../support/servers.ts";
import { postUpdate, startSidecar } from "../support/sidecar-process.ts";
import { assertExactlyOnce, longestGap, type SteadyLoad, steadyLoad } from "../support/steady-load.ts";
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

/** FAULTS=full takes the times that the README tells of; else shorter ones, for every day. */
const FULL = process.env["FAULTS"] === "full";
const CUTS_S = FULL ? 30 : 8;
const DELAY_MS = FULL ? 10_000 : 5_000;
const BLACKHOLE_MS = FULL ? 20_000 : 6_000;
const READ_ONLY_MS = FULL ? 10_000 : 4_000;

/** Writes resume so soon after the server is there (again), or a new one in its place. */
const RESUMED_MS = 5_000;

/** 200 updates a second on their way through a proxy to a server of one's own. */
interface Scene {
  readonly database: TestServer;
  readonly proxy: TcpProxy;
  readonly on: Rig;
  readonly worker: RowpostProcess;
  readonly load: SteadyLoad;
}

async function scene(t: TestContext): Promise<Scene> {
  const database = await privateMysql(t);
  const proxy = await tcpProxy(t, database.port);
  const login = await ordinaryUser(database);
  const way = { INSTANCE_HOST: proxy.host, DB_PORT: String(proxy.port), ...login };
  const on = await rig(t, way, { database });
  await Promise.all([on.migrate(), on.topology()]);
  const worker = await startRowpost(t, ["worker"], on.environment);
  const load = steadyLoad(on);
  // What went wrong with the load the test has told already, and nothing may keep the rest from being cleaned up.
  t.after(() =>
    load.stop().then(
      () => {},
      () => {},
    ),
  );
  await until("updates flow", async () => (await receiptCount(database)) > 200, { timeoutMs: 60_000 });
  return { database, proxy, on, worker, load };
}

/** An account that may do nothing but use its database: an administrator could write to a server that is read-only. */
async function ordinaryUser(database: TestServer) {
  await database.query("CREATE USER app@'%' IDENTIFIED BY 'app'");
  await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${database.name}.* TO app@'%'`);
  return { DB_USER: "app", DB_PASS: "app" };
}

/** What was on its way when a fault began, or when it was over, may still be committed in this time. */
const ON_ITS_WAY_MS = 1_000;

/**
 * What must be true of every fault; tells how long writes stood still, and when they resumed after `healed`. A machine that is
 * busy later on makes pauses of its own, which do not count.
 */
async function assertUnharmed(t: TestContext, s: Scene, began: number, healed: number): Promise<number> {
  const flowing = await receiptCount(s.database);
  await until("updates flow again", async () => (await receiptCount(s.database)) > flowing + 100, {
    timeoutMs: 30_000,
    seen: async () => (await s.worker.output()).split("\n").slice(-8),
  });
  const sent = await s.load.stop();
  await assertExactlyOnce(s.database, sent);
  assert.equal(s.worker.alive, true, await s.worker.output());
  const gap = await longestGap(s.database, began, healed + ON_ITS_WAY_MS);
  const resumed = Math.round(Math.max(gap.to - healed, 0));
  const still = Math.round(gap.to - gap.from);
  t.diagnostic(
    `${sent} updates; longest time without a commit ${still} ms; writes resumed ${resumed} ms after the server was there`,
  );
  return resumed;
}

async function assertResumes(t: TestContext, s: Scene, began: number, healed: number): Promise<void> {
  const resumed = await assertUnharmed(t, s, began, healed);
  assert.ok(resumed < RESUMED_MS, `writes resumed after ${resumed} ms`);
}

for (const [how, end] of [
  ["restarts", (server) => server.stop()],
  ["is killed and started again", (server) => server.kill()],
] satisfies readonly [string, (server: TestServer["server"]) => Promise<void>][]) {
  test(`a server that ${how} costs nothing, and writes resume within 5 s`, async (t) => {
    const s = await scene(t);
    const began = Date.now();
    await end(s.database.server);
    await s.database.server.start();
    await assertResumes(t, s, began, Date.now());
  });
}

test(`30 % of the connections cut in each of ${CUTS_S} s cost nothing`, async (t) => {
  const s = await scene(t);
  const began = Date.now();
  // A quiet worker has few connections: it goes on until enough of them have been cut.
  for (let second = 0; second < CUTS_S || s.proxy.cuts < CUTS_S / 2; second += 1) {
    assert.ok(second < 4 * CUTS_S, `${s.proxy.cuts} connections cut`);
    s.proxy.cut(0.3);
    await delay(1_000);
  }
  await assertUnharmed(t, s, began, Date.now());
  const { cuts, accepted } = s.proxy;
  t.diagnostic(`${cuts} connections cut, ${accepted} opened`);
  const gap = await longestGap(s.database, began);
  assert.ok(gap.to - gap.from < RESUMED_MS, "writes never stood still for long");
});

test("a network that takes 200 ms longer in each direction slows writes down, and stops none", async (t) => {
  const s = await scene(t);
  const began = Date.now();
  s.proxy.delay(200);
  const before = await receiptCount(s.database);
  await delay(DELAY_MS);
  const during = (await receiptCount(s.database)) - before;
  s.proxy.delay(0);
  await assertUnharmed(t, s, began, Date.now());
  t.diagnostic(`${Math.round(during / (DELAY_MS / 1_000))} updates/s during the delay`);
  assert.ok(during > 0);
});

test(`a network that swallows all for ${BLACKHOLE_MS / 1_000} s costs nothing, and writes resume within 5 s`, async (t) => {
  const s = await scene(t);
  const began = Date.now();
  s.proxy.blackhole({ existing: true, fresh: true });
  await delay(BLACKHOLE_MS);
  s.proxy.heal();
  await assertResumes(t, s, began, Date.now());
});

test("a primary that turns read-only stops writes, and they resume within 5 s of the new one", async (t) => {
  const s = await scene(t);
  const began = Date.now();
  await readOnly(s.database, 1);
  await until("the worker says so", async () => /(1290|1836)/.test(await s.worker.output()));
  await delay(READ_ONLY_MS);
  await readOnly(s.database, 0);
  await assertResumes(t, s, began, Date.now());
});

async function readOnly(database: TestServer, on: 0 | 1): Promise<void> {
  const name = database.flavor === "mysql" ? "super_read_only" : "read_only";
  await database.query(`SET GLOBAL ${name} = ${on}`);
  if (on === 0) await database.query("SET GLOBAL read_only = 0");
}

test("a primary that vanishes without a word is left for the new one, and writes resume within 5 s", async (t) => {
  const s = await scene(t);
  const began = Date.now();
  // Whoever connects anew gets to the new primary at once; nothing is ever heard of the old connections.
  s.proxy.blackhole({ existing: true, fresh: false });
  await assertResumes(t, s, began, began);
});

test(`a primary that vanishes ${BLACKHOLE_MS / 1_000} s before there is a new one: writes resume within 5 s of it`, async (t) => {
  const s = await scene(t);
  const began = Date.now();
  s.proxy.blackhole({ existing: true, fresh: true });
  await delay(BLACKHOLE_MS);
  s.proxy.blackhole({ existing: true, fresh: false });
  await assertResumes(t, s, began, Date.now());
});

/** The longest that a request for the database's data waits: see the README. */
const ANSWERED_MS = 9_000;

test("while the network swallows the database, the sidecar takes updates and says in time that it knows no rows", async (t) => {
  const s = await scene(t);
  const sidecar = await startSidecar(t, { ...s.on.environment, PORT: "0" });
  const paths = ["/updates/load-1", "/tables/toots/rows/1", "/tables/customers/rows"];
  const get = async (path: string) => {
    const began = performance.now();
    const answer = await fetch(`${sidecar.url}${path}`);
    await answer.arrayBuffer();
    return { status: answer.status, tookMs: performance.now() - began };
  };
  for (const path of paths) assert.equal((await get(path)).status, 200, path);
  const began = Date.now();
  s.proxy.blackhole({ existing: true, fresh: true });
  const answers: { readonly status: number; readonly tookMs: number }[] = [];
  // Five times as many as it has connections.
  const clients = Array.from({ length: 20 }, async (_, i) => {
    while (Date.now() < began + BLACKHOLE_MS) answers.push(await get(paths[i % paths.length] ?? ""));
  });
  const posted: number[] = [];
  for (let i = 0; Date.now() < began + BLACKHOLE_MS; i += 1) {
    const body = {
      table: "customers",
      op: "insert",
      key: { customerID: `p-${i}` },
      set: { firstName: "Ada" },
    };
    posted.push((await postUpdate(sidecar.url, `posted-${i}`, body)).status);
    await delay(100);
  }
  await Promise.all(clients);
  s.proxy.heal();
  const healed = Date.now();
  assert.deepEqual([...new Set(posted)], [202]);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
  const slowest = Math.max(...answers.map(({ tookMs }) => tookMs));
  t.diagnostic(
    `${posted.length} posted, ${answers.length} answers of 503, the slowest after ${Math.round(slowest)} ms`,
  );
  assert.ok(slowest < ANSWERED_MS, `${slowest} ms`);
  await until("it knows rows again", async () => (await get(paths[0] ?? "")).status === 200);
  t.diagnostic(`rows are known again ${Date.now() - healed} ms after the network was there`);
  const applied = async () => {
    const [rows] = await s.database.query("SELECT COUNT(*) AS n FROM customers WHERE customerID LIKE 'p-%'");
    return Number(rows?.["n"]);
  };
  await until("what was posted is applied", async () => (await applied()) >= posted.length, {
    timeoutMs: 30_000,
    seen: applied,
  });
  await s.load.stop();
  assert.equal(await applied(), posted.length);
  assert.ok(s.worker.alive && sidecar.process.alive);
});

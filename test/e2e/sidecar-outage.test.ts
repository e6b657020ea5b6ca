import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Rig, rig } from "../support/rig.ts";
import { privateBroker } from "../support/servers.ts";
import { postUpdate, type SidecarProcess, startSidecar } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

const OUTAGE_MS = 15_000;
const CLIENTS = 150;
const MAX_PENDING = 100;
const MOST_GROWTH = 120 * 1024 * 1024;

test("a broker that is silent for 15 s under load: every request is answered, every 202 applied once, memory flat", async (t) => {
  const broker = await privateBroker(t);
  const on = await rig(t, {}, { broker });
  await Promise.all([on.migrate(), on.topology()]);
  const worker = await startRowpost(t, ["worker"], on.environment);
  const sidecar = await startSidecar(t, {
    ...on.environment,
    PORT: "0",
    HTTP_MAX_PENDING: String(MAX_PENDING),
    HTTP_PUBLISH_TIMEOUT_MS: "3000",
  });
  const load = steadyLoad(sidecar.url);
  await until("updates flow", () => load.accepted > 2_000, { timeoutMs: 30_000 });

  const pid = broker.server.pid ?? assert.fail("the broker runs");
  const before = await sidecar.metric("process_resident_memory_bytes");
  process.kill(pid, "SIGSTOP");
  const silent = performance.now();
  await until("not ready", async () => (await fetch(`${sidecar.url}/readyz`)).status === 503);
  const { pending, memory } = await watch(sidecar, OUTAGE_MS - (performance.now() - silent));
  process.kill(pid, "SIGCONT");
  await until("ready again", async () => (await fetch(`${sidecar.url}/readyz`)).status === 200);
  const accepted = load.accepted;
  await until("updates flow again", () => load.accepted > accepted + 500, { timeoutMs: 30_000 });

  const { sent, refused } = await load.stop();
  t.diagnostic(
    `${sent} updates, refused ${JSON.stringify(refused)}, ${Math.round((memory - before) / 2 ** 20)} MiB more`,
  );
  assert.ok((refused["broker_unavailable"] ?? 0) > 0 && (refused["overloaded"] ?? 0) > 0);
  assert.ok(pending > 0 && pending <= MAX_PENDING, `${pending} pending`);
  assert.ok(memory - before < MOST_GROWTH, `${memory - before} bytes more`);
  await settled(on, sent);
  assert.equal(await total(on, "SELECT COUNT(*) AS n FROM dead_letters"), 0);
  assert.equal(await total(on, "SELECT SUM(replies_count) AS n FROM toots"), sent);
  assert.ok(worker.alive && sidecar.process.alive);
});

/** The most that were pending and the most memory while the broker is silent; it is live all the time. */
async function watch({ url, metric }: SidecarProcess, ms: number) {
  const end = performance.now() + ms;
  const most = { pending: 0, memory: 0 };
  while (performance.now() < end) {
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    most.pending = Math.max(most.pending, await metric("rowpost_http_pending_messages"));
    most.memory = Math.max(most.memory, await metric("process_resident_memory_bytes"));
    // The length of the outage is the subject of this test.
    await delay(250);
  }
  return most;
}

/** Clients that send one increment after the other, each again under its key until it is answered with 202. */
function steadyLoad(url: string) {
  const refused: Record<string, number> = {};
  let [sent, accepted, going] = [0, 0, true];
  const send = async (n: number) => {
    const update = { table: "toots", op: "upsert", key: { id: 1 + (n % 50) }, add: { replies_count: 1 } };
    for (;;) {
      const answer = await postUpdate(url, `o-${n}`, update);
      const { code = "" } = (await answer.json()) as { code?: string };
      if (answer.status === 202) break;
      assert.equal(answer.status, 503);
      assert.match(answer.headers.get("retry-after") ?? "", /^[15]$/);
      assert.match(code, /^(broker_unavailable|overloaded)$/);
      refused[code] = (refused[code] ?? 0) + 1;
      await delay(100);
    }
    accepted += 1;
  };
  const client = async () => {
    while (going) await send(sent++);
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    get accepted() {
      return accepted;
    },
    async stop() {
      going = false;
      await clients;
      return { sent, refused };
    },
  };
}

async function settled(on: Rig, sent: number): Promise<void> {
  const count = () => receiptCount(on.database);
  await until("every update has its receipt", async () => (await count()) === sent, {
    timeoutMs: 60_000,
    seen: count,
  });
}

async function total(on: Rig, sql: string): Promise<number> {
  const [row] = await on.database.query(sql);
  return Number(row?.["n"]);
}

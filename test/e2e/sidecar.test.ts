import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { startRowpost } from "../support/process.ts";
import { rig } from "../support/rig.ts";
import { preparedRig } from "../support/sidecar.ts";
import { postUpdate, startSidecar } from "../support/sidecar-process.ts";
import type { Scope } from "../support/servers.ts";
import { until } from "../support/until.ts";

const on = await preparedRig({ after });
expectNoLeaks();

const ADA = { table: "customers", op: "upsert", key: { customerID: "c-1" }, set: { firstName: "Ada" } };
const SIDECAR = { ...on.environment, PORT: "0", GRACE_SECONDS: "8" };
const NO_DATABASE = { ...SIDECAR, INSTANCE_HOST: "" };

test("a sidecar waits for nothing: it publishes without a database, says what is missing, and stops with 0", async (t) => {
  const { process, url } = await startSidecar(t, NO_DATABASE);
  const answer = await post(url, "alone");
  assert.equal(answer.status, 202);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  const receipt = await fetch(`${url}/updates/alone`);
  assert.equal(receipt.status, 503);
  assert.equal(((await receipt.json()) as { code: string }).code, "no_database");
  assert.deepEqual(await process.stop(10_000), { code: 0, signal: null });
  const output = await process.output();
  assert.equal(output.match(/"rowpost sidecar starts"/g)?.length, 1, output);
  assert.match(output, /"severity":"WARNING".*"message":"AUTH=none: whoever reaches this port may publish/);
  assert.match(output, /"message":"stopped"/);
});

test("a missing topic is told by readiness and by every answer, and publishing begins when it is there", async (t) => {
  const topic = "comes-later";
  const { url } = await startSidecar(t, { ...NO_DATABASE, PUBSUB_TOPIC: topic });
  const unready = await fetch(`${url}/readyz`);
  assert.equal(unready.status, 503);
  assert.match(await unready.text(), /topic \\"comes-later\\" .* does not exist: create it/);
  const refused = await post(url, "early");
  assert.equal(refused.status, 503);
  assert.notEqual(refused.headers.get("retry-after"), null);
  assert.equal(((await refused.json()) as { code: string }).code, "broker_unavailable");
  await on.client.api.createTopic(topic);
  await until("it is ready", async () => (await fetch(`${url}/readyz`)).status === 200);
  assert.equal((await post(url, "early")).status, 202);
});

test("SIGTERM answers those who wait for receipts with 202 at once, takes no new connection, and ends with 0", async (t) => {
  const { process, url, metric } = await startSidecar(t, SIDECAR);
  const waiting = Array.from({ length: 50 }, (_, i) => post(url, `wait-${i}`, { prefer: "wait=30" }));
  await until("all wait", async () => (await metric("rowpost_http_waiters")) === 50);
  const started = performance.now();
  const stopped = process.stop(10_000);
  for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 202);
  await assert.rejects(fetch(`${url}/livez`));
  assert.deepEqual(await stopped, { code: 0, signal: null });
  t.diagnostic(`stopped in ${Math.round(performance.now() - started)} ms`);
});

test("SIGTERM under load loses no answer: what was taken is answered, and what was answered with 202 is in the topic", async (t) => {
  const { process, url } = await startSidecar(t, SIDECAR);
  const { worker } = on.worker();
  const accepted = new Set<string>();
  let refused = 0;
  let going = true;
  const client = async (name: number) => {
    for (let n = 0; going; n += 1) {
      const key = `load-${name}-${n}`;
      const answer = await post(url, key).catch((error: unknown) => error);
      // A connection that is not taken any more is no answer; one that was taken and cut off would be one lost.
      if (!(answer instanceof Response)) {
        assert.match(String((answer as Error).cause), /ECONNREFUSED|other side closed|ECONNRESET/);
        refused += 1;
        return;
      }
      assert.equal(answer.status, 202);
      accepted.add(key);
    }
  };
  const clients = Array.from({ length: 20 }, (_, name) => client(name));
  await until("updates flow", () => accepted.size > 300);
  assert.deepEqual(await process.stop(10_000), { code: 0, signal: null });
  going = false;
  await Promise.all(clients);
  assert.equal(refused, 20);
  await until("each has its receipt", async () => {
    const rows = await on.database.query("SELECT idempotency_key AS k FROM receipts");
    const kept = new Set(rows.map(({ k }) => String(k)));
    return [...accepted].every((key) => kept.has(key));
  });
  await worker.stop();
});

test("a request that never ends is cut off when the grace period is over", async (t) => {
  const { process, url, port } = await startSidecar(t, { ...NO_DATABASE, GRACE_SECONDS: "2" });
  const socket = await slowRequest(t, port);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  const cut = once(socket, "close");
  assert.deepEqual(await process.stop(10_000), { code: 0, signal: null });
  await cut;
});

test("a second signal ends it at once", async (t) => {
  const { process, port } = await startSidecar(t, { ...NO_DATABASE, GRACE_SECONDS: "60" });
  await slowRequest(t, port);
  const pid = process.pid ?? 0;
  globalThis.process.kill(pid, "SIGINT");
  await until("it stops", async () => (await process.output()).includes('"stopping"'));
  globalThis.process.kill(pid, "SIGTERM");
  assert.deepEqual(await process.exited, { code: 143, signal: null });
});

test("the same signal that comes twice at once, as through npm, is one", async (t) => {
  const { process } = await startSidecar(t, NO_DATABASE);
  const pid = process.pid ?? 0;
  globalThis.process.kill(pid, "SIGINT");
  globalThis.process.kill(pid, "SIGINT");
  assert.deepEqual(await process.exited, { code: 0, signal: null });
});

test("a port that is taken is told in one sentence", async (t) => {
  const { port } = await startSidecar(t, NO_DATABASE);
  const second = await startRowpost(t, ["sidecar"], { ...NO_DATABASE, PORT: String(port) });
  assert.equal((await second.exited).code, 1);
  assert.match(await second.output(), new RegExp(`cannot serve HTTP on 127\\.0\\.0\\.1:${port}: .*set PORT`));
});

test("a broker that is away does not keep it from starting and stopping", async (t) => {
  const lone = await rig(t, {}, { database: on.database });
  const { process, url, metric } = await startSidecar(t, {
    ...lone.environment,
    PUBSUB_EMULATOR_HOST: "127.0.0.1:1",
    PORT: "0",
    GRACE_SECONDS: "8",
  });
  assert.match(await (await fetch(`${url}/readyz`)).text(), /does not answer for topic/);
  const pending = post(url, "nowhere");
  await until("it is on its way", async () => (await metric("rowpost_http_pending_messages")) === 1);
  assert.deepEqual(await process.stop(10_000), { code: 0, signal: null });
  const answer = await pending;
  assert.equal(answer.status, 503);
  assert.equal(((await answer.json()) as { code: string }).code, "broker_unavailable");
});

const post = (url: string, key: string, headers: Readonly<Record<string, string>> = {}) =>
  postUpdate(url, key, ADA, headers);

/** A request whose body never comes. */
async function slowRequest(t: Scope, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  t.after(async () => void socket.destroy());
  await once(socket, "connect");
  const head = [
    "POST /updates HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    "Content-Length: 99",
  ];
  await new Promise((resolve) => socket.write(`${head.join("\r\n")}\r\n\r\n{`, resolve));
  return socket;
}

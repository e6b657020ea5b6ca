import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { openHealthServer } from "../../../src/worker/health-server.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { rig } from "../../support/rig.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";
import { quietLevel } from "../../support/quiet-level.ts";

const file = { after };
const on = await preparedRig(file);
const sidecar = await testSidecar(file, {}, { rig: on });
expectNoLeaks();

const codes = (answer: { readonly json: { readonly reasons: readonly { readonly code: string }[] } }) =>
  answer.json.reasons.map(({ code }) => code);

describe("the probes", () => {
  it("answer 200 when the topic is there", async () => {
    for (const path of ["/livez", "/startupz", "/readyz"]) {
      const answer = await sidecar.get(path);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get("cache-control"), "no-store");
    }
    assert.deepEqual((await sidecar.get("/readyz")).json, { ready: true, reasons: [] });
  });

  it("say that the topic is missing, and stay live", async (t) => {
    const lone = await testSidecar(t, { PUBSUB_TOPIC: "nowhere" }, { rig: on });
    const answer = await lone.get("/readyz");
    assert.equal(answer.status, 503);
    assert.deepEqual(codes(answer), ["broker"]);
    assert.match(
      answer.json.reasons[0].message,
      /^topic "nowhere" in project ".*" does not exist: create it/,
    );
    assert.equal((await lone.get("/livez")).status, 200);
  });

  it("say that the broker does not answer", async (t) => {
    const broker = { ...on.broker, host: "127.0.0.1:1", environment: {} };
    const lone = await testSidecar(t, {}, { rig: await rig(t, {}, { database: on.database, broker }) });
    const answer = await lone.get("/readyz");
    assert.equal(answer.status, 503);
    assert.deepEqual(codes(answer), ["broker"]);
    assert.match(answer.json.reasons[0].message, /^Pub\/Sub at 127\.0\.0\.1:1 does not answer for topic/);
  });

  it("are ready without a database, and when it is away: updates are published all the same", async (t) => {
    for (const environment of [{ INSTANCE_HOST: "" }, { DB_PORT: "1" }]) {
      const lone = await testSidecar(t, environment, { rig: on });
      assert.equal((await lone.get("/readyz")).status, 200);
    }
  });

  it("write no line to the log", () => {
    assert.deepEqual(sidecar.logged, []);
  });
});

describe("the worker's part of readiness", () => {
  it("is its own reasons, marked as the worker's", async (t) => {
    const reasons = [{ code: "database", message: "the database refuses connections" }];
    const worker = await openHealthServer({
      host: "127.0.0.1",
      port: 0,
      logLevel: quietLevel(),
      health: () => ({ ready: false, reasons }),
      metrics: () => Promise.reject(new Error("not asked for")),
    });
    t.after(() => worker.close());
    const answer = await ready(t, `http://127.0.0.1:${worker.port}/`);
    assert.equal(answer.status, 503);
    assert.deepEqual(answer.json.reasons, [
      {
        code: "worker_database",
        message: "the worker is not ready: the database refuses connections",
      },
    ]);
  });

  it("is nothing while the worker is ready", async (t) => {
    const { worker } = on.worker();
    const health = await openHealthServer({
      host: "127.0.0.1",
      port: 0,
      logLevel: quietLevel(),
      health: () => ({ ready: true, reasons: [] }),
      metrics: () => Promise.reject(new Error("not asked for")),
    });
    t.after(() => health.close());
    assert.equal((await ready(t, `http://127.0.0.1:${health.port}`)).status, 200);
    await worker.stop();
  });

  it("is that it does not answer: refused, silent, or something else", async (t) => {
    const refused = await ready(t, "http://127.0.0.1:1");
    assert.match(refused.json.reasons[0].message, /^the worker does not answer at .*\/readyz: /);
    const silent = await ready(t, await serve(t, () => undefined));
    assert.match(silent.json.reasons[0].message, /nothing came within 1000 ms$/);
    const other = await ready(t, await serve(t, (response) => response.end('{"ok":true}')));
    assert.match(other.json.reasons[0].message, /is no worker of rowpost$/);
    for (const answer of [refused, silent, other]) {
      assert.equal(answer.status, 503);
      assert.deepEqual(codes(answer), ["worker"]);
    }
  });
});

describe("GET /metrics", () => {
  it("counts requests by the route's pattern and updates by what became of them", async () => {
    const update = { table: "customers", op: "upsert", key: { customerID: "m-1" } };
    await sidecar.post("/updates", update, { "idempotency-key": "m-1" });
    await sidecar.post("/updates", { ...update, table: "nowhere" });
    await sidecar.get("/updates/m-1");
    await sidecar.get("/no/such/path");
    const { text, headers } = await sidecar.get("/metrics");
    assert.match(headers.get("content-type") ?? "", /^application\/openmetrics-text/);
    for (const line of [
      'rowpost_http_requests_total{method="POST",route="/updates",status="202"} 1',
      'rowpost_http_requests_total{method="POST",route="/updates",status="422"} 1',
      'rowpost_http_requests_total{method="GET",route="/updates/:key",status="404"} 1',
      'rowpost_http_requests_total{method="GET",route="none",status="404"} 1',
      'rowpost_http_updates_total{result="published"} 1',
      'rowpost_http_updates_total{result="unknown_table"} 1',
      "rowpost_http_pending_messages 0",
      "rowpost_http_pending_bytes 0",
      "rowpost_http_waiters 0",
      "rowpost_http_receipt_lookups_total 0",
    ]) {
      assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
    }
    assert.match(text, /# EOF\n$/);
    const plain = await sidecar.get("/metrics", { accept: "text/plain" });
    assert.match(plain.headers.get("content-type") ?? "", /^text\/plain/);
  });
});

type Scope = Parameters<typeof testSidecar>[0];

async function ready(t: Scope, workerUrl: string) {
  return (await testSidecar(t, { WORKER_URL: workerUrl }, { rig: on })).get("/readyz");
}

async function serve(t: Scope, answer: (response: { end(text: string): unknown }) => unknown) {
  const server: Server = createServer((_request, response) => void answer(response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { type Health, type HealthServer, openHealthServer } from "../../../src/worker/health-server.ts";
import { quietLevel } from "../../support/quiet-level.ts";

const READY: Health = { ready: true, reasons: [] };
const NOT_READY: Health = {
  ready: false,
  reasons: [{ code: "database", message: "the database refuses connections" }],
};

function open(health: () => Health = () => READY, port = 0) {
  const metrics = async (accept: string | undefined) => ({
    contentType: "text/plain",
    body: `accept ${accept}\n`,
  });
  return openHealthServer({ host: "127.0.0.1", port, logLevel: quietLevel(), health, metrics });
}

function get(server: HealthServer, path: string, init: RequestInit = {}) {
  return fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

test("a ready worker is live, started and ready", async () => {
  await using server = await open();
  for (const path of ["/livez", "/startupz", "/readyz", "/readyz?verbose"]) {
    const response = await get(server, path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(response.headers.get("cache-control"), "no-store");
  }
  assert.deepEqual(await (await get(server, "/readyz")).json(), READY);
});

test("a worker that is not ready says why, and stays live", async () => {
  let health = NOT_READY;
  await using server = await open(() => health);
  const response = await get(server, "/readyz");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), NOT_READY);
  assert.equal((await get(server, "/livez")).status, 200);
  health = READY;
  assert.equal((await get(server, "/readyz")).status, 200);
});

test("metrics come as the Accept header likes them", async () => {
  await using server = await open();
  const response = await get(server, "/metrics", { headers: { accept: "application/openmetrics-text" } });
  assert.equal(response.headers.get("content-type"), "text/plain");
  assert.equal(await response.text(), "accept application/openmetrics-text\n");
});

test("HEAD answers without a body, other methods are refused", async () => {
  await using server = await open();
  const head = await get(server, "/livez", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  assert.ok(Number(head.headers.get("content-length")) > 0);
  const post = await get(server, "/livez", { method: "POST", body: "x" });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get("allow"), "GET, HEAD");
  assert.equal(((await post.json()) as { code: string }).code, "method_not_allowed");
});

test("another path is a problem that names the right ones", async () => {
  await using server = await open();
  const response = await get(server, "/");
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const body = (await response.json()) as { code: string; detail: string };
  assert.equal(body.code, "not_found");
  assert.match(body.detail, /\/readyz/);
});

test("a fault in the metrics is an answer, and the server goes on", async () => {
  const failing = { host: "127.0.0.1", port: 0, logLevel: quietLevel(), health: () => READY };
  await using server = await openHealthServer({
    ...failing,
    metrics: () => Promise.reject(new Error("no metrics today")),
  });
  assert.equal((await get(server, "/metrics")).status, 500);
  assert.equal((await get(server, "/livez")).status, 200);
});

test("a port in use is one clear sentence", async () => {
  await using server = await open();
  await assert.rejects(
    open(() => READY, server.port),
    {
      message: `cannot serve health and metrics on 127.0.0.1:${server.port}: the port is in use; set WORKER_PORT to another one`,
    },
  );
});

test("close ends connections that are kept open, and twice does no harm", async () => {
  const server = await open();
  const idle = connect(server.port, "127.0.0.1");
  await once(idle, "connect");
  const kept = request({ port: server.port, path: "/livez", headers: { connection: "keep-alive" } });
  kept.end();
  const [response] = await once(kept, "response");
  response.resume();
  await once(response, "end");
  const ended = once(idle, "close");
  idle.resume();
  idle.on("error", () => {});
  await server.close();
  await ended;
  await server.close();
  await assert.rejects(get(server, "/livez"));
});

test("the log level is told and switched, and a change that is none is refused", async () => {
  await using server = await open();
  const put = async (body: string) => {
    const answer = await get(server, "/log-level", { method: "PUT", body });
    return { status: answer.status, body: await answer.text() };
  };
  assert.deepEqual(await (await get(server, "/log-level")).json(), { level: "fatal", configured: "fatal" });
  assert.equal((await put('{"level":"debug"}')).body, '{"level":"debug","configured":"fatal"}\n');
  for (const [body, what] of [
    ['{"level":"loud"}', "/level"],
    ['{"level":"info","seconds":0}', "/seconds"],
    ['{"level":"info","for":1}', "/"],
    ["not JSON", "/"],
    [`{"level":"info"${" ".repeat(2_000)}}`, "/"],
  ] as const) {
    const refused = await put(body);
    assert.equal(refused.status, 422, body);
    assert.match(refused.body, new RegExp(`"detail":"${what}: `));
  }
  assert.equal((await (await get(server, "/log-level")).text()).includes('"level":"debug"'), true);
  const posted = await get(server, "/log-level", { method: "POST" });
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get("allow"), "GET, HEAD, PUT");
});

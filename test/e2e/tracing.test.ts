import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { type OtlpReceiver, otlpReceiver, type ReceivedSpan } from "../support/otlp-receiver.ts";
import { healthOf, type RowpostProcess, startRowpost } from "../support/process.ts";
import { preparedRig } from "../support/sidecar.ts";
import { postUpdate, startSidecar } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

const on = await preparedRig({ after });
expectNoLeaks();

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`;

const customer = (id: string) => ({
  table: "customers",
  op: "upsert",
  key: { customerID: id },
  set: { firstName: "Ada" },
});

const traced = ({ url }: OtlpReceiver, more: Readonly<Record<string, string>> = {}) => ({
  ...on.environment,
  PORT: "0",
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=a%20b,x-more=1",
  OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
  ...more,
});

/** The one span of this name and, if given, of this update. */
function spanOf({ spans }: OtlpReceiver, name: string, key?: string): ReceivedSpan {
  const found = spans.filter(
    (span) => span.name === name && (key === undefined || span.attributes["rowpost.idempotency_key"] === key),
  );
  assert.equal(found.length, 1, `${found.length} spans ${name} ${key ?? ""}`);
  return found[0] as ReceivedSpan;
}

const TOPIC = "publish rowpost-updates";
const SUBSCRIPTION = "deliver rowpost-updates-worker";

test("one trace leads from the caller through HTTP and the broker to the commit", async (t) => {
  const receiver = await otlpReceiver(t);
  const worker = await startRowpost(t, ["worker"], traced(receiver));
  const { process: sidecar, url } = await startSidecar(t, traced(receiver));
  const answer = await postUpdate(url, "t-1", customer("t-1"), {
    traceparent: TRACEPARENT,
    tracestate: "vendor=one",
    prefer: "wait=30",
  });
  assert.equal(answer.status, 200, await answer.text());
  await receiver.until("the commit is told", (spans) => spans.some(({ name }) => name === "commit"));
  await receiver.until("the request is told", (spans) => spans.some(({ name }) => name === "POST /updates"));

  const request = spanOf(receiver, "POST /updates");
  const publish = spanOf(receiver, TOPIC);
  const deliver = spanOf(receiver, SUBSCRIPTION);
  const batch = spanOf(receiver, "batch");
  const steps = ["lock rows", "look up receipts", "write", "commit"].map((name) => spanOf(receiver, name));
  for (const span of [request, publish, deliver, batch, ...steps]) {
    assert.equal(span.traceId, TRACE, span.name);
    assert.equal(span.status.code, 0, span.name);
    assert.ok(span.endMs >= span.startMs, span.name);
    assert.equal(span.traceState, "vendor=one", span.name);
    assert.equal(span.resource["deployment.environment.name"], "test");
    assert.equal(span.resource["cloud.account.id"], on.environment["GOOGLE_CLOUD_PROJECT"]);
  }
  const chain = [request, publish, deliver, batch];
  assert.deepEqual(
    chain.map(({ parentSpanId }) => parentSpanId),
    [CALLER, ...chain.slice(0, -1).map(({ spanId }) => spanId)],
  );
  assert.deepEqual(
    chain.map(({ kind }) => kind),
    [2, 4, 5, 1],
  );
  assert.deepEqual(new Set(steps.map(({ parentSpanId }) => parentSpanId)), new Set([batch.spanId]));
  assert.deepEqual(
    [request.service, publish.service, deliver.service, batch.service],
    ["rowpost-sidecar", "rowpost-sidecar", "rowpost-worker", "rowpost-worker"],
  );
  assert.equal(request.attributes["http.route"], "/updates");
  assert.equal(request.attributes["http.response.status_code"], 200);
  assert.equal(publish.attributes["messaging.message.id"], deliver.attributes["messaging.message.id"]);
  assert.equal(deliver.attributes["rowpost.idempotency_key"], "t-1");
  assert.equal(deliver.attributes["rowpost.outcome"], "applied");
  assert.deepEqual(deliver.attributes["rowpost.tables"], ["customers"]);
  assert.deepEqual(deliver.links, [{ traceId: TRACE, spanId: batch.spanId }]);
  // The parts of the batch follow each other inside it; it is inside its delivery.
  const inOrder = [batch.startMs, ...steps.flatMap(({ startMs, endMs }) => [startMs, endMs]), batch.endMs];
  assert.deepEqual(
    inOrder,
    inOrder.toSorted((a, b) => a - b),
  );
  assert.ok(deliver.startMs <= batch.startMs && deliver.endMs >= batch.endMs);
  assert.equal(receiver.headers["x-tenant"], "a b");

  await Promise.all([worker.stop(20_000), sidecar.stop(20_000)]);
});

test("updates of several publishers that share a batch link to it, and it to them; a refused one says why", async (t) => {
  const receiver = await otlpReceiver(t);
  const others = ["1", "2", "3"].map((n) => ({ key: `m-${n}`, traceId: n.repeat(32), spanId: n.repeat(16) }));
  const topic = on.client.api.topic(on.config.pubsub.topic);
  await Promise.all(
    others.map(({ key, traceId, spanId }, i) => {
      const update = i === 2 ? { ...customer(key), set: { shoeSize: 3 } } : customer(key);
      // As Google's own libraries write it, as CloudEvents, and as W3C.
      const name = ["googclient_traceparent", "ce-traceparent", "traceparent"][i] ?? "";
      const attributes = { "idempotency-key": key, [name]: `00-${traceId}-${spanId}-01` };
      return topic.publishMessage({ json: update, attributes });
    }),
  );
  // They wait for the worker: its first batch has them all, unless the broker hands them out in parts.
  const worker = await startRowpost(t, ["worker"], traced(receiver, { LANES: "1" }));
  await receiver.until("all are told", (spans) =>
    others.every(({ key }) => spans.some((span) => span.attributes["rowpost.idempotency_key"] === key)),
  );
  const batches = receiver.spans.filter(({ name }) => name === "batch");
  for (const { key, traceId, spanId } of others) {
    const deliver = spanOf(receiver, SUBSCRIPTION, key);
    assert.equal(deliver.traceId, traceId, key);
    assert.equal(deliver.parentSpanId, spanId);
    const [link] = deliver.links;
    const batch = batches.find((one) => one.spanId === link?.spanId && one.traceId === link.traceId);
    assert.ok(batch, `${key} links to its batch`);
    const back =
      batch.parentSpanId === deliver.spanId || batch.links.some((one) => one.spanId === deliver.spanId);
    assert.ok(back, `the batch of ${key} leads to it`);
  }
  const refused = spanOf(receiver, SUBSCRIPTION, "m-3");
  assert.equal(refused.attributes["rowpost.outcome"], "rejected");
  assert.equal(refused.attributes["rowpost.rejection.code"], "unknown_column");
  await worker.stop(20_000);
});

test("a trace that its beginner does not record is passed on and not told", async (t) => {
  const receiver = await otlpReceiver(t);
  const worker = await startRowpost(t, ["worker"], traced(receiver));
  const { process: sidecar, url } = await startSidecar(
    t,
    traced(receiver, { OTEL_TRACES_SAMPLER: "parentbased_always_off" }),
  );
  const unrecorded = { traceparent: `00-${TRACE}-${CALLER}-00`, prefer: "wait=30" };
  assert.equal((await postUpdate(url, "u-1", customer("u-1"), unrecorded)).status, 200);
  // Begun by the sidecar, which is told to record none: the worker does as it.
  assert.equal((await postUpdate(url, "u-2", customer("u-2"), { prefer: "wait=30" })).status, 200);
  await on.publish([{ key: "u-3", body: customer("u-3") }]);
  await receiver.until("the last one is told", (spans) => spans.some(({ name }) => name === "commit"));
  await Promise.all([worker.stop(20_000), sidecar.stop(20_000)]);
  assert.deepEqual([...new Set(receiver.spans.map(({ service }) => service))], ["rowpost-worker"]);
  assert.equal(spanOf(receiver, SUBSCRIPTION).attributes["rowpost.idempotency_key"], "u-3");
});

test("without tracing of its own, the sidecar passes the caller's trace on, and the logs name it", async (t) => {
  const quiet = { ...on.environment, PORT: "0", LOG_LEVEL: "trace" };
  const worker = await startRowpost(t, ["worker"], quiet);
  const { process: sidecar, url } = await startSidecar(t, quiet);
  const headers = { traceparent: TRACEPARENT, prefer: "wait=30" };
  assert.equal((await postUpdate(url, "l-1", customer("l-1"), headers)).status, 200);
  const settled = await lineOf(worker, "an update is settled", "l-1");
  const answered = await lineOf(sidecar, "a request is answered", "/updates");
  for (const line of [settled, answered]) {
    const project = on.environment["GOOGLE_CLOUD_PROJECT"];
    assert.equal(line["severity"], "DEBUG");
    assert.equal(line["logging.googleapis.com/trace"], `projects/${project}/traces/${TRACE}`);
    assert.equal(line["logging.googleapis.com/spanId"], CALLER);
    assert.equal(line["logging.googleapis.com/trace_sampled"], true);
  }
  const labels = [settled, answered].map((line) => line["logging.googleapis.com/labels"]) as {
    process: string;
  }[];
  assert.deepEqual(
    labels.map(({ process }) => process),
    ["worker", "sidecar"],
  );
  await Promise.all([worker.stop(20_000), sidecar.stop(20_000)]);
});

test("a receiver that is away is told of once, and holds up no update and no stop", async (t) => {
  const worker = await startRowpost(t, ["worker"], traced({ url: "http://127.0.0.1:1" } as OtlpReceiver));
  await on.publish([{ key: "a-1", body: customer("a-1") }]);
  const line = await lineOf(worker, "spans could not be sent; they are lost", "ECONNREFUSED");
  assert.equal(line["severity"], "WARNING");
  const { code } = await worker.stop(20_000);
  assert.equal(code, 0);
  assert.equal(
    (await on.database.query("SELECT 1 FROM receipts WHERE message_id IS NOT NULL")).length > 0,
    true,
  );
});

test("`rowpost publish` begins a trace for each update, which the worker takes up", async (t) => {
  const receiver = await otlpReceiver(t);
  const folder = await mkdtemp(join(tmpdir(), "rowpost-traced-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "updates.ndjson");
  await writeFile(file, `${JSON.stringify(customer("p-1"))}\n${JSON.stringify(customer("p-2"))}\n`);
  const worker = await startRowpost(t, ["worker"], traced(receiver));
  const publish = await startRowpost(t, ["publish", file], traced(receiver));
  await until("it has sent them", async () => /2 sent/.test(await publish.output()), { timeoutMs: 30_000 });
  const count = (spans: readonly ReceivedSpan[], name: string) =>
    spans.filter((span) => span.name === name).length;
  await receiver.until(
    "both are told",
    (spans) => count(spans, TOPIC) === 2 && count(spans, SUBSCRIPTION) === 2,
  );
  for (const deliver of receiver.spans.filter(({ name }) => name === SUBSCRIPTION)) {
    const begun = receiver.spans.find(({ spanId }) => spanId === deliver.parentSpanId);
    assert.equal(begun?.name, TOPIC);
    assert.equal(begun?.parentSpanId, "");
    assert.equal(begun?.service, "rowpost-publish");
  }
  await worker.stop(20_000);
});

test("the log level is switched in the running pair, for a time, and only by who may", async (t) => {
  const worker = await startRowpost(t, ["worker"], on.environment);
  const { url: workerUrl, get } = await healthOf(worker);
  const { process: sidecar, url } = await startSidecar(t, {
    ...on.environment,
    PORT: "0",
    WORKER_URL: workerUrl,
  });
  const put = (at: string, body: unknown) =>
    fetch(`${at}/log-level`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const answer = await put(url, { level: "trace", seconds: 3_600 });
  const state = (await answer.json()) as { level: string; until: string; worker: { level: string } };
  assert.equal(answer.status, 200, JSON.stringify(state));
  assert.deepEqual([state.level, state.worker.level], ["trace", "trace"]);
  assert.ok(Date.parse(state.until) > Date.now() + 3_500_000);
  assert.equal((await postUpdate(url, "s-1", customer("s-1"), { prefer: "wait=30" })).status, 200);
  await lineOf(worker, "an update is settled", "s-1");
  await lineOf(sidecar, "a request is answered", "/updates");
  await put(url, { level: "info" });
  assert.match((await get("/log-level")).body, /"level":"info","configured":"info"}/);
  assert.equal((await postUpdate(url, "s-2", customer("s-2"), { prefer: "wait=30" })).status, 200);
  const wrong = await put(url, { level: "loud" });
  assert.equal(wrong.status, 422);
  assert.match(await wrong.text(), /"code":"invalid".*\/level/);
  await worker.stop(20_000);
  const alone = await put(url, { level: "debug" });
  assert.equal(alone.status, 503);
  assert.match(await alone.text(), /worker_unavailable/);
  assert.doesNotMatch(await worker.output(), /s-2/);
  await sidecar.stop(20_000);
});

/** The first line with this message and this text, as soon as it is there. */
async function lineOf(
  process: RowpostProcess,
  message: string,
  text: string,
): Promise<Record<string, unknown>> {
  const found = await until(
    `a line "${message}" with ${text}`,
    async () =>
      (await process.output()).split("\n").find((line) => line.includes(message) && line.includes(text)),
    { timeoutMs: 30_000 },
  );
  return JSON.parse(found) as Record<string, unknown>;
}

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Metrics, type Settled, type Timed } from "../../../src/telemetry/metrics.ts";

const opened: Metrics[] = [];
afterEach(() => {
  for (const metrics of opened.splice(0)) {
    metrics[Symbol.dispose]();
  }
});

function fresh(): Metrics {
  const metrics = new Metrics({ version: "1.2.3", tables: ["customers"], process });
  opened.push(metrics);
  return metrics;
}

const timed = (publishedMsAgo: number, receivedMsAgo: number): Timed => ({
  delivery: {
    publishedAt: new Date(Date.now() - publishedMsAgo),
    receivedAt: performance.now() - receivedMsAgo,
  },
});

/** Every sample by its name and labels. */
async function samples(metrics: Metrics): Promise<Map<string, number>> {
  const { body } = await metrics.expose();
  const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

test("a batch is counted by what became of each delivery", async () => {
  const metrics = fresh();
  const settlements: Settled[] = [
    { outcome: "applied" },
    { outcome: "applied" },
    { outcome: "duplicate" },
    { outcome: "rejected", rejection: { code: "invalid", table: "customers" } },
  ];
  metrics.observeBatch(
    settlements.map(() => timed(100, 30)),
    settlements,
    0.02,
  );
  metrics.countGivenBack(7);
  const seen = await samples(metrics);
  const count = (settlement: string) => seen.get(`rowpost_deliveries_total{settlement="${settlement}"}`);
  assert.deepEqual(
    ["applied", "unchanged", "stale", "rejected", "duplicate", "retry"].map(count),
    [2, 0, 0, 1, 1, 7],
  );
  assert.equal(seen.get('rowpost_rejections_total{code="invalid",table="customers"}'), 1);
  assert.equal(seen.get("rowpost_batch_size_sum"), 4);
  assert.equal(seen.get('rowpost_transaction_seconds_bucket{le="0.025"}'), 1);
  assert.equal(seen.get('rowpost_transaction_seconds_bucket{le="0.01"}'), 0);
});

test("latencies are measured from publish and from arrival, and a duplicate has no first one", async () => {
  const metrics = fresh();
  const settlements: Settled[] = [{ outcome: "applied" }, { outcome: "stale" }, { outcome: "duplicate" }];
  metrics.observeBatch([timed(3_000, 200), timed(40_000, 200), timed(90_000, 200)], settlements, 0.02);
  const seen = await samples(metrics);
  const published = (le: string) => seen.get(`rowpost_publish_to_commit_seconds_bucket{le="${le}"}`);
  assert.deepEqual(["1", "5", "30", "60", "+Inf"].map(published), [0, 1, 1, 2, 2]);
  assert.equal(seen.get("rowpost_publish_to_commit_seconds_count"), 2);
  assert.equal(seen.get("rowpost_receive_to_commit_seconds_count"), 3);
  assert.equal(seen.get('rowpost_receive_to_commit_seconds_bucket{le="0.1"}'), 0);
  const sum = seen.get("rowpost_receive_to_commit_seconds_sum") ?? 0;
  assert.ok(sum > 0.59 && sum < 3, `${sum}`);
});

test("a broker's clock that is ahead counts as no time", async () => {
  const metrics = fresh();
  metrics.observeBatch([timed(-60_000, 0)], [{ outcome: "applied" }], 0.02);
  const seen = await samples(metrics);
  assert.equal(seen.get("rowpost_publish_to_commit_seconds_sum"), 0);
  assert.equal(seen.get('rowpost_publish_to_commit_seconds_bucket{le="0.005"}'), 1);
});

test("a publisher cannot add labels: a table that is not defined is unknown, none is empty", async () => {
  const metrics = fresh();
  const rejected = (table?: string): Settled => ({
    outcome: "rejected",
    rejection: { code: "unknown_table", ...(table === undefined ? {} : { table }) },
  });
  const settlements = [rejected("a"), rejected('b"\n'), rejected("__proto__"), rejected()];
  metrics.observeBatch(
    settlements.map(() => timed(1, 1)),
    settlements,
    0.02,
  );
  const seen = await samples(metrics);
  assert.equal(seen.get('rowpost_rejections_total{code="unknown_table",table="unknown"}'), 3);
  assert.equal(seen.get('rowpost_rejections_total{code="unknown_table",table=""}'), 1);
});

test("a pause has one reason, and none when it is over", async () => {
  const metrics = fresh();
  metrics.setPaused("database");
  metrics.setPaused("migrations");
  const during = await samples(metrics);
  assert.equal(during.get("rowpost_intake_paused"), 1);
  assert.equal(during.get('rowpost_intake_pause_reason{reason="migrations"}'), 1);
  assert.equal(during.get('rowpost_intake_pause_reason{reason="database"}'), undefined);
  metrics.setPaused(undefined);
  const after = await samples(metrics);
  assert.equal(after.get("rowpost_intake_paused"), 0);
  assert.equal(after.get('rowpost_intake_pause_reason{reason="migrations"}'), undefined);
});

test("the queue is read when it is asked for", async () => {
  const metrics = fresh();
  let messages = 1;
  metrics.read({ queue: () => ({ messages, bytes: 250, lanesBusy: 2 }), outstandingMessages: () => 9 });
  assert.equal((await samples(metrics)).get("rowpost_queue_messages"), 1);
  messages = 5;
  const seen = await samples(metrics);
  const names = [
    "rowpost_queue_messages",
    "rowpost_queue_bytes",
    "rowpost_lanes_busy",
    "rowpost_outstanding_messages",
  ];
  assert.deepEqual(
    names.map((name) => seen.get(name)),
    [5, 250, 2, 9],
  );
});

test("the rest is counted under its name", async () => {
  const metrics = fresh();
  metrics.countRetry("transient");
  metrics.countUnpublished();
  metrics.countPurged("receipts", 500);
  metrics.countPurgeFailure();
  metrics.setIntakeOpen("updates", true);
  metrics.setIntakeOpen("backstop", false);
  const seen = await samples(metrics);
  const expected: [string, number][] = [
    ['rowpost_batch_retries_total{class="transient"}', 1],
    ["rowpost_dead_letters_unpublished_total", 1],
    ['rowpost_purged_total{table="receipts"}', 500],
    ["rowpost_purge_failures_total", 1],
    ['rowpost_intake_open{intake="updates"}', 1],
    ['rowpost_intake_open{intake="backstop"}', 0],
    [`rowpost_build_info{version="1.2.3",node="${process.version}"}`, 1],
  ];
  for (const [name, value] of expected) {
    assert.equal(seen.get(name), value, name);
  }
});

test("the process is measured", async () => {
  const seen = await samples(fresh());
  assert.ok((seen.get("process_cpu_seconds_total") ?? 0) > 0.01);
  assert.ok((seen.get("process_resident_memory_bytes") ?? 0) > 10_000_000);
  assert.ok(Math.abs((seen.get("process_start_time_seconds") ?? 0) - Date.now() / 1_000) < 3_600);
  assert.ok(seen.has("nodejs_eventloop_lag_max_seconds"));
});

test("two instances share nothing", async () => {
  const [one, two] = [fresh(), fresh()];
  one.countGivenBack(3);
  assert.equal((await samples(two)).get('rowpost_deliveries_total{settlement="retry"}'), 0);
});

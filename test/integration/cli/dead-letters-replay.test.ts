import assert from "node:assert/strict";
import { test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";
import { addTo, type Desk, makeCounter, message, openDesk, openLine } from "./kept-letters.ts";

expectNoLeaks();

const LETTER = "SELECT id,code,deliveries,replays,replay_outcome FROM dead_letters ORDER BY id";
const RECEIPTS =
  "SELECT idempotency_key AS k,outcome FROM receipts WHERE idempotency_key NOT LIKE 'message:%' ORDER BY id";

async function letter({ store }: Desk, id = "1") {
  const rows = await store.select(LETTER);
  return rows.find((row) => String(row["id"]) === id);
}

async function counter({ store }: Desk, id: string): Promise<number> {
  const [row] = await store.select(`SELECT n FROM counters WHERE id='${id}'`);
  return Number(row?.["n"]);
}

test("a replay applies the update under its own key, replaces its receipt and notes the outcome", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await desk.settle(addTo("a", 5, "k-1"));
  await makeCounter(desk, "a");
  line.start(desk);
  const { code, stdout, stderr } = await desk.letters(["replay", "--key", "k-1", "--yes", "--wait", "20"]);
  assert.equal(stderr, "");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /1 {5}1 {2}row_missing {2}counters/);
  assert.match(stdout, /1 {2}row_missing {2}k-1\n {4}update counters id="a" add n\n/);
  assert.match(stdout, /1 of 1 published to rowpost-updates\n\n1 applied\n/);
  assert.equal(await counter(desk, "a"), 5);
  assert.deepEqual(await letter(desk), {
    id: 1,
    code: "row_missing",
    deliveries: 1,
    replays: 1,
    replay_outcome: "applied",
  });
  assert.deepEqual(await desk.store.select(RECEIPTS), [{ k: "k-1", outcome: "applied" }]);
  assert.deepEqual(
    line.seen.map(({ attributes }) => attributes),
    [{ "idempotency-key": "k-1", "rowpost-dead-letter": "1" }],
  );
});

test("a dead letter that is replayed by two people at once takes effect once, and says so", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await desk.settle(addTo("a", 5, "k-1"));
  await makeCounter(desk, "a");
  const args = ["replay", "--id", "1", "--yes"];
  const both = await Promise.all([desk.letters(args), desk.letters(args)]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  line.start(desk);
  await until("both copies are settled", () => line.seen.length === 2);
  await until("the outcome is noted", async () => (await letter(desk))?.["replay_outcome"] === "applied");
  assert.equal(await counter(desk, "a"), 5);
  assert.deepEqual(await letter(desk), {
    id: 1,
    code: "row_missing",
    deliveries: 1,
    replays: 2,
    replay_outcome: "applied",
  });
});

test("what has been applied meanwhile is not published again", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  const update = addTo("a", 5, "k-1");
  await desk.settle(update);
  await makeCounter(desk, "a");
  await desk.settle(update);
  const { code, stdout } = await desk.letters(["replay", "--all", "--yes"]);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /\n {4}not replayed: nothing to do: its update has been settled meanwhile \(applied\)\n/,
  );
  assert.match(stdout, /0 of 1 published to rowpost-updates\n1 not replayed: nothing to do/);
  assert.deepEqual(await letter(desk), {
    id: 1,
    code: "row_missing",
    deliveries: 1,
    replays: 0,
    replay_outcome: null,
  });
});

test("a replay that is rejected again stays open and says why", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await desk.settle(addTo("a", 5, "k-1"), message("{", { "idempotency-key": "k-2" }));
  line.start(desk);
  const { code, stdout } = await desk.letters(["replay", "--open", "--yes", "--wait", "20"]);
  assert.equal(code, 1);
  assert.match(stdout, /2 {2}malformed {4}k-2\n {4}would be refused again: malformed: The data is not JSON/);
  assert.match(
    stdout,
    /2 rejected\n\nID {2}OUTCOME\n 1 {2}rejected\n {4}row_missing: .*\n 2 {2}rejected\n {4}malformed: /,
  );
  assert.deepEqual(await letter(desk), {
    id: 1,
    code: "row_missing",
    deliveries: 2,
    replays: 1,
    replay_outcome: "rejected",
  });
  assert.match(
    (await desk.letters(["list", "--open"])).stdout,
    /row_missing {2}counters {6}2 {2}rejected {2}k-1\n/,
  );
  assert.equal((await desk.letters(["list", "--replayed"])).stdout, "no dead letters\n");
});

test("without --yes and without a terminal a replay only shows what it would touch", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 5, "k-1"));
  const { code, stdout, stderr } = await desk.letters(["replay", "--all"]);
  assert.equal(code, 2);
  assert.match(stdout, /update counters id="a" add n/);
  assert.equal(stderr, "rowpost: this was a preview, and nothing has been done: add --yes to go on\n");
  assert.equal((await letter(desk))?.["replays"], 0);
});

test("on a terminal a person is asked, and only yes goes on", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await desk.settle(addTo("a", 5, "k-1"));
  const no = await desk.letters(["replay", "--all"], { columns: 80, typed: "n\n" });
  assert.equal(no.code, 1);
  assert.match(no.stdout, /Publish it to rowpost-updates again\? \[y\/N\] /);
  assert.equal((await letter(desk))?.["replays"], 0);
  const yes = await desk.letters(["replay", "--all"], { columns: 80, typed: "y\n" });
  assert.equal(yes.code, 0, yes.stderr);
  assert.equal((await letter(desk))?.["replays"], 1);
});

test("a replay that chooses nothing is wrong use", async (t) => {
  const desk = await openDesk(t);
  const { code, stderr } = await desk.letters(["replay", "--yes"]);
  assert.equal(code, 2);
  assert.match(stderr, /say which dead letters: --id, .* or --all/);
});

test("a dead letter beyond the replay age is left alone: its receipt may be gone", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 5, "k-1"));
  await desk.store.select("UPDATE dead_letters SET first_at=UTC_TIMESTAMP(6)-INTERVAL 145 HOUR");
  const { code, stdout } = await desk.letters(["replay", "--all", "--yes"]);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /not replayed: it is 145 h old, and REPLAY_MAX_AGE_HOURS is 144: .* could be applied twice/,
  );
});

test("a reused key is replayed only under another key, and under that once", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await makeCounter(desk, "a");
  await desk.settle(addTo("a", 5, "k-1"), addTo("a", 7, "k-1"));
  const plain = await desk.letters(["replay", "--all", "--yes"]);
  assert.equal(plain.code, 1);
  assert.match(plain.stdout, /not replayed: its key has settled another update: add --new-key/);
  line.start(desk);
  const renamed = await desk.letters(["replay", "--all", "--new-key", "--yes", "--wait", "20"]);
  assert.equal(renamed.code, 0, renamed.stdout);
  assert.match(renamed.stdout, /under the key replay:sha256:[0-9a-f]{64}\n {4}update counters/);
  assert.equal(await counter(desk, "a"), 12);
  assert.deepEqual((await letter(desk))?.["replay_outcome"], "applied");
  const again = await desk.letters(["replay", "--all", "--new-key", "--yes"]);
  assert.match(again.stdout, /nothing to do: its last replay has been settled \(applied\)/);
  await desk.store.select("UPDATE dead_letters SET replay_outcome=NULL");
  const forgotten = await desk.letters(["replay", "--all", "--new-key", "--yes"]);
  assert.match(forgotten.stdout, /settled meanwhile \(applied\)/);
  assert.equal(await counter(desk, "a"), 12);
});

test("an update whose key another one has taken meanwhile is replayed only under another key", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await desk.settle(addTo("a", 5, "k-1"));
  await makeCounter(desk, "a");
  await desk.settle(addTo("a", 7, "k-1"));
  assert.match(
    (await desk.letters(["replay", "--all", "--yes"])).stdout,
    /its key has settled another update: add --new-key/,
  );
  line.start(desk);
  const renamed = await desk.letters(["replay", "--all", "--new-key", "--yes", "--wait", "20"]);
  assert.equal(renamed.code, 0, renamed.stdout);
  assert.equal(await counter(desk, "a"), 12);
});

const GIVEN_UP = {
  CloudPubSubDeadLetterSourceDeliveryCount: "20",
  CloudPubSubDeadLetterSourceSubscription: "worker",
  CloudPubSubDeadLetterSourceTopicPublishTime: new Date().toISOString(),
  googclient_schemaencoding: "JSON",
};

test("what the broker gave up is replayed without the broker's attributes, under the key in its data", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await makeCounter(desk, "a");
  const data = { table: "counters", op: "update", key: { id: "a" }, add: { n: 5 } };
  const event = { specversion: "1.0", id: "7", source: "/shop", type: "row", data };
  await desk.settle(message(event, { ...GIVEN_UP, colour: "red" }));
  line.start(desk);
  const { code, stdout } = await desk.letters(["replay", "--all", "--yes", "--wait", "20"]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /under the key ce:\/shop\|7\n {4}update counters/);
  assert.deepEqual(line.seen[0]?.attributes, {
    colour: "red",
    "idempotency-key": "ce:/shop|7",
    "rowpost-dead-letter": "1",
  });
  assert.equal(await counter(desk, "a"), 5);
  assert.equal((await letter(desk))?.["replay_outcome"], "applied");
});

test("what the broker gave up is not applied again if it had been applied before", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await makeCounter(desk, "a");
  const update = addTo("a", 5, "k-1");
  await desk.settle(update, { ...update, attributes: { ...update.attributes, ...GIVEN_UP } });
  assert.equal((await letter(desk))?.["code"], "undeliverable");
  const { stdout } = await desk.letters(["replay", "--all", "--yes"]);
  assert.match(stdout, /settled meanwhile \(applied\)/);
  assert.equal(await counter(desk, "a"), 5);
});

test("what the broker gave up without any key of its own is left alone: it may have been applied", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(message({ table: "counters", op: "upsert", key: { id: "a" }, add: { n: 5 } }, GIVEN_UP));
  const { code, stdout } = await desk.letters(["replay", "--all", "--yes"]);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /not replayed: it has no key but the message id, .* may have been applied already: add --new-key/,
  );
});

test("a topic that does not exist stops the replay, and no dead letter counts as replayed", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, { ...line.environment, PUBSUB_TOPIC: "another" });
  await desk.settle(addTo("a", 5, "k-1"), addTo("a", 6, "k-2"));
  const { code, stdout, stderr } = await desk.letters(["replay", "--all", "--yes"]);
  assert.equal(code, 1);
  assert.match(stderr, /^rowpost: stopped: topic "another" in project .* does not exist: create it/);
  assert.match(stdout, /0 of 2 published to another\n2 not tried\n/);
  assert.deepEqual(
    (await desk.store.select(LETTER)).map((row) => row["replays"]),
    [0, 0],
  );
});

test("a replay that is told to stop begins nothing more and says how far it got", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  await desk.settle(addTo("a", 5, "k-1"));
  const { code, stdout } = await desk.letters(["replay", "--all", "--yes"], {
    signal: AbortSignal.abort("SIGINT"),
  });
  assert.equal(code, 1);
  assert.match(stdout, /0 of 1 published to rowpost-updates\n1 not tried\n/);
});

test("many dead letters are replayed page by page, all of them once", async (t) => {
  const line = await openLine(t);
  const desk = await openDesk(t, line.environment);
  const updates = Array.from({ length: 1_200 }, (_, i) => addTo("a", 1, `k-${i}`));
  await desk.settle(...updates);
  await makeCounter(desk, "a");
  line.start(desk);
  const { code, stdout } = await desk.letters(["replay", "--open", "--yes", "--wait", "60"]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /and 1190 more\n/);
  assert.match(stdout, /1200 of 1200 published to rowpost-updates, \d+\/s\n\n1200 applied\n/);
  assert.equal(await counter(desk, "a"), 1_200);
});

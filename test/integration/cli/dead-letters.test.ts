import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { addTo, type Desk, message, openDesk } from "./kept-letters.ts";

expectNoLeaks();

/** Five dead letters: 1 row_missing, 2 malformed, 3 unknown_table, 4 operation without columns, 5 row_missing of accounts. */
async function five(t: TestContext): Promise<Desk> {
  const desk = await openDesk(t);
  const account = { table: "accounts", op: "update", key: { id: 1 }, add: { balance: "1.00" } };
  for (const one of [
    addTo("a", 5, "k-1"),
    message("\u001b[2J{", { "idempotency-key": "k-2" }),
    message({ table: "countres", op: "delete", key: { id: "a" } }, { "idempotency-key": "k-3" }),
    message(Buffer.from([0xff, 0xfe, 0x00]), { "idempotency-key": "k-4" }),
    message(account, { "idempotency-key": "k-5" }),
  ]) {
    await desk.settle(one);
  }
  return desk;
}

/** The ids of what `list` prints. */
async function ids(desk: Desk, ...args: string[]): Promise<number[]> {
  const { code, stdout, stderr } = await desk.letters(["list", "--json", ...args]);
  assert.equal(code, 0, stderr);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number((JSON.parse(line) as { id: string }).id));
}

test("dead letters are listed by key, code, table, id, time and state, the newest first", async (t) => {
  const desk = await five(t);
  assert.deepEqual(await ids(desk), [5, 4, 3, 2, 1]);
  assert.deepEqual(await ids(desk, "--key", "k-2", "--key", "k-3", "--key", "none"), [3, 2]);
  assert.deepEqual(await ids(desk, "--code", "row_missing", "--code", "unknown_table"), [5, 3, 1]);
  assert.deepEqual(await ids(desk, "--code", "row_missing", "--table", "accounts"), [5]);
  assert.deepEqual(await ids(desk, "--id", "4", "--id", "1", "--id", "77"), [4, 1]);
  await desk.store.select(
    "UPDATE dead_letters SET last_at=UTC_TIMESTAMP(6)-INTERVAL 3 DAY WHERE id IN (1,2)",
  );
  assert.deepEqual(await ids(desk, "--since", "2d"), [5, 4, 3]);
  assert.deepEqual(await ids(desk, "--until", "48h", "--since", "2000-01-01T00:00:00+01:00"), [2, 1]);
  await desk.store.select("UPDATE dead_letters SET replays=1 WHERE id IN (1,2,3)");
  await desk.store.select(
    "UPDATE dead_letters SET replay_outcome=IF(id=2,'rejected','applied') WHERE id IN (2,3)",
  );
  assert.deepEqual(await ids(desk, "--open"), [5, 4, 2]);
  assert.deepEqual(await ids(desk, "--replayed"), [3, 1]);
});

test("pages follow each other without a gap", async (t) => {
  const desk = await five(t);
  assert.deepEqual(await ids(desk, "--limit", "2"), [5, 4]);
  assert.deepEqual(await ids(desk, "--limit", "2", "--after", "4"), [3, 2]);
  const { stdout } = await desk.letters(["list", "--limit", "2"]);
  assert.match(stdout, /\nthere are more: add --after 4\n$/);
  assert.doesNotMatch((await desk.letters(["list", "--limit", "5"])).stdout, /there are more/);
});

test("a list fits the terminal and shows nothing that it would act on", async (t) => {
  const desk = await five(t);
  const { stdout } = await desk.letters(["list"], { columns: 80 });
  const lines = stdout.split("\n");
  assert.ok(
    lines.every((line) => line.length <= 80),
    stdout,
  );
  assert.ok(!stdout.includes("\u001b"));
  assert.match(stdout, /^ID {2}AGE {2}CODE {11}TABLE {5}TIMES {2}REPLAY {2}KEY\n/);
  assert.match(stdout, /\n 5 {3}\ds {2}row_missing {4}accounts {6}1 {2}– {7}k-5\n/);
});

test("a summary counts by code and table", async (t) => {
  const desk = await five(t);
  const { stdout } = await desk.letters(["list", "--summary"]);
  assert.match(stdout, /^COUNT {2}OPEN {2}CODE/);
  assert.match(stdout, /\n {4}2 {5}2 {2}malformed {6}– /);
  assert.match(stdout, /\n {4}5 {5}5 {2}together\n$/);
  const json = await desk.letters(["list", "--summary", "--json", "--code", "malformed"]);
  const { firstAt, lastAt, ...rest } = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.deepEqual(rest, { code: "malformed", table: null, count: 2, open: 2 });
  assert.match(String(firstAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.ok(String(firstAt) < String(lastAt));
});

test("a dead letter is shown with all that is kept of it, its data digit for digit", async (t) => {
  const desk = await openDesk(t);
  const data = '{"table":"counters","op":"update","key":{"id":"a"},"set":{"n":9007199254740993}}';
  await desk.settle(message(data, { "idempotency-key": "k-1", source: "shop\u0007" }));
  const { code, stdout } = await desk.letters(["show", "k-1"]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^dead letter {5}1\nkey {13}k-1\ncode {12}row_missing\nreason {10}table counters: there is no such row\n/,
  );
  assert.match(stdout, /\ntable {11}counters\n/);
  assert.match(stdout, /\nattributes\n {2}idempotency-key: k-1\n {2}source: shop\\u0007\n/);
  assert.match(stdout, /\ndata \(JSON, 80 bytes\)\n\{\n {2}"table": "counters",\n/);
  assert.match(stdout, /\n {4}"n": 9007199254740993\n/);
  const json = JSON.parse((await desk.letters(["show", "1", "--json"])).stdout) as Record<string, unknown>;
  assert.equal(json["data"], data);
  assert.deepEqual(json["attributes"], { "idempotency-key": "k-1", source: "shop\u0007" });
  assert.equal((await desk.letters(["show", "1", "--data"])).stdout, data);
});

test("data that is no text is shown as a dump, and as Base64 in JSON", async (t) => {
  const desk = await five(t);
  const { stdout } = await desk.letters(["show", "4"]);
  assert.match(stdout, /data \(binary, 3 bytes\)\n00000000 {2}ff fe 00 +\.\.\.\n$/);
  assert.equal(JSON.parse((await desk.letters(["show", "4", "--json"])).stdout).dataBase64, "//4A");
});

test("a key shows all its dead letters, and a number that is no id is a key", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 1, "77"));
  await desk.settle(addTo("a", 2, "77"));
  const { stdout } = await desk.letters(["show", "77", "--json"]);
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).id),
    ["1", "2"],
  );
  assert.equal((await desk.letters(["show", "77", "--data"])).code, 2);
  const none = await desk.letters(["show", "78"]);
  assert.deepEqual([none.code, none.stderr], [1, "rowpost: there is no dead letter 78\n"]);
});

test("discard deletes what the filter chooses, after a look, and nothing else", async (t) => {
  const desk = await five(t);
  const look = await desk.letters(["discard", "--code", "row_missing"]);
  assert.equal(look.code, 2);
  assert.match(look.stdout, /\n 1 {2}row_missing {2}k-1\n 5 {2}row_missing {2}k-5\n/);
  assert.equal((await ids(desk)).length, 5);
  const { code, stdout } = await desk.letters(["discard", "--code", "row_missing", "--yes"]);
  assert.equal(code, 0);
  assert.match(stdout, /\n2 of 2 discarded\n$/);
  assert.deepEqual(await ids(desk), [4, 3, 2]);
  assert.match(
    (await desk.letters(["discard", "--all", "--limit", "1", "--yes"])).stdout,
    /1 of 1 discarded/,
  );
  assert.deepEqual(await ids(desk), [4, 3]);
  assert.equal((await desk.letters(["discard", "--all", "--yes"])).code, 0);
  assert.equal((await desk.letters(["discard", "--all", "--yes"])).stdout, "no dead letters\n");
});

test("discard deletes many in chunks, and stops when it is told to", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(...Array.from({ length: 450 }, (_, i) => addTo("a", 1, `k-${i}`)));
  const stopped = await desk.letters(["discard", "--all", "--yes"], { signal: AbortSignal.abort("SIGINT") });
  assert.equal(stopped.code, 1);
  assert.match(stopped.stdout, /0 of 450 discarded/);
  assert.match((await desk.letters(["discard", "--all", "--yes"])).stdout, /450 of 450 discarded/);
});

test("wrong options are told with what is right", async (t) => {
  const desk = await openDesk(t);
  for (const [args, words] of [
    [["list", "--code", "mal"], /the codes are malformed, invalid,/],
    [["list", "--since", "soon"], /a time like 2026-01-31T12:00:00Z, or how long ago: 90s, 45m, 2h, 3d/],
    [["list", "--id", "1 OR 1=1"], /a dead letter's id is a number/],
    [["list", "--limit", "0"], /a whole number from 1/],
    [["list", "--open", "--replayed"], /cannot be used with option/],
    [["discard", "--yes"], /say which dead letters/],
  ] as const) {
    const { code, stderr } = await desk.letters(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, words);
  }
});

test("a database without rowpost's tables is told with what to do", async (t) => {
  const desk = await openDesk(t);
  await desk.store.select("DROP TABLE dead_letters");
  const { code, stderr } = await desk.letters(["list"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^rowpost: the database t_\w+ at 127\.0\.0\.1:\d+ refused: .*dead_letters.*; `rowpost migrate up`/,
  );
});

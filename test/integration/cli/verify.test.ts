import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { test, type TestContext } from "node:test";
import { openJournal } from "../../../src/cli/journal-file.ts";
import { verifyCommand } from "../../../src/cli/verify.ts";
import { confirmedLine, lineBegin, sentLine } from "../../../src/messages/journal.ts";
import type { Message } from "../../../src/messages/update.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { type Finished, runCommand, type Surroundings } from "../../support/run-command.ts";
import { assertSays } from "../../support/says.ts";
import { testRegistry } from "../../support/tables.ts";
import { addTo, type Desk, makeCounter, openDesk } from "./kept-letters.ts";
import { fileFolder } from "./publish-target.ts";

expectNoLeaks();

const HOUR = 3_600_000;
const TEN_MINUTES = 600_000;

/** A database, and a journal of updates that were published to it. */
async function open(t: TestContext) {
  const desk = await openDesk(t);
  const folder = await fileFolder(t);
  const journal = folder.path("journal.ndjson");
  const begin = (message: Message) => lineBegin(desk.decode(message));
  /** Notes updates as published so long ago, and confirmed. */
  const note = async (ageMs: number, messages: readonly Message[], confirmed = true) => {
    const at = Date.now() - ageMs;
    const lines = messages.flatMap((message) => [
      sentLine(begin(message), at),
      ...(confirmed ? [confirmedLine(begin(message), at, message.messageId)] : []),
    ]);
    await appendFile(journal, lines.join(""));
  };
  const verify = (args: readonly string[] = [journal], more: Partial<Surroundings> = {}) =>
    runCommand((context) => verifyCommand(context, async () => testRegistry), args, { ...desk, ...more });
  return { desk, folder, journal, note, verify };
}

/** The counts of the last line of `--json`. */
function counts({ stdout }: Finished): Record<string, number> {
  const all = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, number>;
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
}

function listed({ stdout }: Finished): [string, string][] {
  return stdout
    .trim()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { standing: string; idempotencyKey: string })
    .map(({ standing, idempotencyKey }) => [standing, idempotencyKey]);
}

async function apply(desk: Desk, n: number): Promise<Message[]> {
  await makeCounter(desk, "a");
  const messages = Array.from({ length: n }, (_, i) => addTo("a", i, `k-${i}`));
  await desk.settle(...messages);
  return messages;
}

test("when each update has its receipt there is nothing to tell but the counts", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  await note(TEN_MINUTES, await apply(desk, 1_300));
  const { code, stdout, stderr } = await verify();
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout,
    [
      "UPDATES  STANDING     MEANING",
      "  1,299  applied      settled, with a receipt",
      "      1  unchanged    settled, with a receipt",
      "      0  stuck        no receipt, and confirmed by the broker more than 60 s ago",
      "      0  unaccounted  its key settled another update, and there is no dead letter of it",
      "  1,300  together",
      "",
    ].join("\n"),
  );
  const twice = await verify([journal, journal, "--json"]);
  assert.deepEqual(counts(twice), { updates: 1_300, applied: 1_299, unchanged: 1 });
});

test("an update without a receipt is pending while it is young, then stuck, or perhaps never published", async (t) => {
  const { desk, note, journal, verify } = await open(t);
  const [gone, , , young] = (await apply(desk, 9)) as [Message, Message, Message, Message];
  await note(TEN_MINUTES, [gone, addTo("a", 1, "k-1"), addTo("a", 4, "k-4")]);
  await note(1_000, [young]);
  await note(TEN_MINUTES, [addTo("a", 1, "never")], false);
  await note(169 * HOUR, [addTo("a", 1, "forgotten")]);
  await desk.store.select("DELETE FROM receipts WHERE idempotency_key IN ('k-0','k-3')");
  const found = await verify([journal, "--json"]);
  assert.equal(found.code, 1);
  assert.deepEqual(counts(found), {
    updates: 6,
    applied: 2,
    forgotten: 1,
    pending: 1,
    unconfirmed: 1,
    stuck: 1,
  });
  assert.deepEqual(listed(found).sort(), [
    ["pending", "k-3"],
    ["stuck", "k-0"],
    ["unconfirmed", "never"],
  ]);
  const told = await verify();
  assertSays(
    told.stdout,
    `STANDING     AGE  MESSAGE  KEY\nstuck        10m  ${gone.messageId}…k-0\nunconfirmed  10m  –…never\n`,
  );
  const lenient = await verify([journal, "--older-than", "700"]);
  assert.equal(lenient.code, 0, lenient.stdout);
  const since = await verify([journal, "--since", "5m", "--json"]);
  assert.deepEqual([since.code, counts(since)], [0, { updates: 1, pending: 1 }]);
});

test("an update that is not confirmed and has a receipt was published, and is settled", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  await note(TEN_MINUTES, await apply(desk, 3), false);
  const found = await verify([journal, "--json"]);
  assert.deepEqual([found.code, counts(found)], [0, { updates: 3, applied: 2, unchanged: 1 }]);
});

test("rejected updates are accounted for, with their dead letters and without; so are those of a reused key", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  await makeCounter(desk, "a");
  const messages = [
    addTo("a", 1, "k-1"),
    addTo("a", 2, "k-1"),
    addTo("none", 1, "k-2"),
    addTo("none", 2, "k-3"),
  ];
  await desk.settle(...messages);
  await note(TEN_MINUTES, messages);
  await desk.store.select("DELETE FROM dead_letters WHERE idempotency_key='k-3'");
  const found = await verify([journal, "--json"]);
  assert.deepEqual(counts(found), { updates: 4, applied: 1, key_reused: 1, rejected: 1, discarded: 1 });
  assert.equal(found.code, 0);
});

test("an update of a reused key without a dead letter is not accounted for", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  const messages = await apply(desk, 2);
  const other = addTo("a", 77, "k-1");
  await note(TEN_MINUTES, [...messages, other]);
  const found = await verify();
  assert.equal(found.code, 1);
  assertSays(found.stdout, "\n      1  unaccounted  its key settled another");
  assertSays(found.stdout, `unaccounted  10m  ${other.messageId}…k-1\n`);
  await desk.settle(other);
  assert.equal((await verify([journal])).code, 0);
});

test("of many stuck updates the first 20 are listed, or all that there are", async (t) => {
  const { journal, note, verify } = await open(t);
  await note(
    TEN_MINUTES,
    Array.from({ length: 50 }, (_, i) => addTo("a", i, `k-${i}`)),
  );
  const lines = ({ stdout }: Finished) => stdout.match(/^stuck .*k-/gm)?.length;
  const some = await verify();
  assert.equal(lines(some), 20);
  assertSays(some.stdout, "\nand 30 more; --all lists them\n");
  assert.equal(lines(await verify([journal, "--all"])), 50);
});

test("--wait ends as soon as every update has settled", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  await makeCounter(desk, "a");
  const messages = Array.from({ length: 30 }, (_, i) => addTo("a", 1, `k-${i}`));
  await note(0, messages.slice(0, 20));
  await note(TEN_MINUTES, messages.slice(20));
  const started = performance.now();
  const waiting = verify([journal, "--wait", "100", "--json"]);
  await desk.settle(...messages.slice(0, 10));
  await desk.settle(...messages.slice(10));
  const found = await waiting;
  assert.deepEqual([found.code, counts(found)], [0, { updates: 30, applied: 30 }]);
  assert(performance.now() - started < 50_000);
});

test("--wait fails when the time is over and updates are still pending", async (t) => {
  const { journal, note, verify } = await open(t);
  await note(0, [addTo("a", 1, "k-1")]);
  assert.equal((await verify([journal])).code, 0);
  const found = await verify([journal, "--wait", "1", "--json"]);
  assert.deepEqual([found.code, counts(found)], [1, { updates: 1, pending: 1 }]);
});

test("what a crash or a full disk left half-written is told with its place, and no obstacle", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  const [first, second] = (await apply(desk, 2)) as [Message, Message];
  await note(TEN_MINUTES, [first]);
  await appendFile(journal, '{"key":"k-9","finge');
  const cut = await verify([journal, "--json"]);
  assert.deepEqual([cut.code, counts(cut)], [0, { updates: 1, unchanged: 1, tornLines: 1 }]);
  assert.equal(cut.stderr, `${journal}:3: half-written line, left out\n`);
  // The next process begins a line of its own.
  const again = await openJournal(journal, { withoutLine: "stop" });
  const { key, fingerprint } = desk.decode(second);
  await again.publish({ key, fingerprint }, async () => second.messageId);
  await again[Symbol.asyncDispose]();
  await appendFile(journal, `{"lost":1200,"at":"2026-11-21T10:55:10Z"}\n`);
  const found = await verify([journal, "--json"]);
  assert.deepEqual(counts(found), { updates: 2, applied: 1, unchanged: 1, tornLines: 1, lostLines: 1_200 });
  assertSays(found.stderr, `${journal}:6: 1,200 lines before this one are missing`);
});

test("what is no journal is wrong use, told with file and line", async (t) => {
  const { desk, folder, journal, note, verify } = await open(t);
  await note(TEN_MINUTES, await apply(desk, 2));
  const good = await readFile(journal, "utf8");
  const cases: [string, string | Buffer, string][] = [
    [
      "other.ndjson",
      '{"table":"toots"}\n',
      "other.ndjson:1: this is no line of a journal…the member key is missing",
    ],
    [
      "late.ndjson",
      `${good}\n\nhello\u001b[2J\n${good}`,
      'late.ndjson:7: this is no line of a journal…"hello\\u001b[2J" is not JSON',
    ],
    ["huge.ndjson", `${good}${"x".repeat(50_000)}`, "huge.ndjson:5: this is no line…longer than 16384 bytes"],
    ["binary", Buffer.from([1, 2, 0, 0xff]), "binary is not UTF-8"],
    ["journal.gz", gzipSync(good), "journal.gz is compressed by gzip…gunzip -c FILE | rowpost verify -"],
  ];
  for (const [name, content, expected] of cases) {
    const { code, stderr } = await verify([journal, await folder.write(name, content)]);
    assert.equal(code, 2, name);
    assertSays(stderr, expected);
    assert(!stderr.includes("\u001b"), name);
  }
  for (const [args, expected] of [
    [["missing"], "there is no file missing"],
    [[folder.path("")], "is a folder, not a file"],
    [[], "missing required argument"],
    [[journal, "--wait", "soon"], "a number of seconds"],
    [[journal, "--older-than", "-1"], "a number of seconds"],
    [[journal, "--since", "then"], "a time like"],
  ] as [string[], string][]) {
    const { code, stderr } = await verify(args);
    assert.equal(code, 2, expected);
    assertSays(stderr, expected);
  }
});

test("an empty journal holds no update, and that is told", async (t) => {
  const { folder, verify } = await open(t);
  const { code, stdout, stderr } = await verify([await folder.write("empty.ndjson", "")]);
  assert.equal(code, 0);
  assertSays(stderr, "empty.ndjson: no update is noted here");
  assertSays(stdout, "0  together");
});

test("a journal may come from standard input, with any key in it", async (t) => {
  const { desk, verify } = await open(t);
  await makeCounter(desk, "a");
  const keys = ["'; DROP TABLE receipts; --", '{"key":"', "\\\\u0000", "x".repeat(255), "a  b"];
  const messages = keys.map((key) => addTo("a", 1, key));
  await desk.settle(...messages.slice(1));
  const typed = messages
    .map((one) => confirmedLine(lineBegin(desk.decode(one)), 0, "1"))
    .map((line) => line.replace(/1970[^"]+/, new Date(Date.now() - TEN_MINUTES).toISOString()))
    .join("");
  const found = await verify(["-", "--json"], { typed });
  assert.deepEqual(counts(found), { updates: 5, applied: 4, stuck: 1 });
  assert.deepEqual(listed(found), [["stuck", keys[0]]]);
});

test("a database that is away, or has no receipts yet, is told in one sentence", async (t) => {
  const { desk, journal, note, verify } = await open(t);
  await note(TEN_MINUTES, await apply(desk, 2));
  const away = await verify([journal], { environment: { ...desk.environment, DB_PORT: "1" } });
  assert.equal(away.code, 1);
  assert.match(away.stderr, /^rowpost: cannot open the database t_\w+ at 127\.0\.0\.1:1: .*\n$/);
  await desk.store.select("ALTER TABLE receipts DROP COLUMN outcome");
  const old = await verify();
  assert.equal(old.code, 1);
  assert.match(
    old.stderr,
    /^rowpost: the database \S+ at \S+ refused: .*outcome.*`rowpost migrate up` brings/,
  );
  await desk.store.select("DROP TABLE receipts");
  assert.match((await verify()).stderr, /refused: .*receipts.*`rowpost migrate up` brings it up to date\n$/);
});

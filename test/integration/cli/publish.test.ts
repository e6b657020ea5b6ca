import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker } from "../../support/servers.ts";
import { fileFolder, keysByData, publishTarget } from "./publish-target.ts";

expectNoLeaks();
const shared = await broker({ after });
const files = await fileFolder({ after });
const LIMIT = { timeout: 60_000 };

/** The key that a lone change of this canonical JSON gets at its first occurrence. */
const keyOf = (canonical: string) => `sha256:${hash("sha256", `{"changes":[${canonical}]}`)}`;

const BIG = "18446744073709551615";
const TOOT = (members: string) => `{"key":{"id":${BIG}},"op":"upsert","set":{${members}},"table":"toots"}`;
const JSON_TOOT = TOOT(
  '"application":{"id":9007199254740993,"rate":0.123456789012345678901234567890},"content":"😀 é\\n\\"x\\"","created_at":"2024-07-11T16:26:32.123Z","sensitive":true',
);
const ROW =
  '{"id":18446744073709551615, "content":"\\ud83d\\ude00 é\\n\\"x\\"", "created_at":"2024-07-11T16:26:32.123Z",' +
  ' "sensitive":true, "application":{"rate":0.12345678901234567890123456789,"id":9007199254740993}}';
const SENT = JSON_TOOT.replace("678901234567890}", "67890123456789}");

for (const [shape, name, content, args, expected] of [
  ["whole updates, one a line", "whole.ndjson", `${JSON_TOOT}\n`, [], SENT],
  ["rows, one a line", "rows.ndjson", `\ufeff${ROW}\r\n`, ["--table", "toots"], SENT],
  ["an array of updates", "whole.json", `[\n  ${JSON_TOOT}\n]`, [], SENT],
  ["an array of rows", "rows.json", `[${ROW}]`, ["--table", "toots"], SENT],
  [
    "rows by their key",
    "keyed.json",
    `{ "${BIG}": ${ROW.replace('"id":18446744073709551615, ', "")} }`,
    ["--table", "toots"],
    SENT.replace(`"id":${BIG}`, `"id":"${BIG}"`),
  ],
  [
    "CSV",
    "rows.csv",
    `id,content,created_at,sensitive,application\r\n${BIG},"😀 é\n""x""",2024-07-11T16:26:32.123Z,TRUE,` +
      '"{""rate"":0.12345678901234567890123456789,""id"":9007199254740993}"\r\n',
    ["--table", "toots"],
    SENT,
  ],
] as const) {
  test(`${shape}: every digit and character arrives, under the key of its content`, LIMIT, async (t) => {
    const { publish, arrived } = await publishTarget(t, shared);
    const run = await publish([await files.write(name, content), ...args]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /: 1 sent, 0 refused, 0 failed in /);
    await arrived.until(() => arrived.deliveries.length === 1);
    assert.deepEqual([...keysByData(arrived)], [[expected, [keyOf(expected)]]]);
  });
}

test("several changes of one update stay together, and a CloudEvent keeps its name", LIMIT, async (t) => {
  const { publish, arrived } = await publishTarget(t, shared);
  const pair =
    '{"changes":[{"key":{"customerID":"a"},"op":"delete","table":"customers"},{"key":{"id":1},"op":"delete","table":"todos"}]}';
  const data = '{"key":{"customerID":"e"},"op":"delete","table":"customers"}';
  const event = `{"data":${data},"id":"7","source":"/shop","specversion":"1.0","type":"t"}`;
  const run = await publish(["-"], { typed: `${pair}\n${event}\n` });
  assert.equal(run.code, 0, run.stderr);
  await arrived.until(() => arrived.deliveries.length === 2);
  assert.deepEqual(
    keysByData(arrived),
    new Map([
      [pair, [`sha256:${hash("sha256", pair)}`]],
      [event, ["ce:/shop|7"]],
    ]),
  );
});

const row = (id: string, firstName: string) =>
  `{"key":{"customerID":"${id}"},"op":"upsert","set":{"firstName":"${firstName}"},"table":"customers"}`;

test(
  "refused records are named by line, code and place, kept in a file, and stop nothing",
  LIMIT,
  async (t) => {
    const { publish, arrived } = await publishTarget(t, shared);
    const file = await files.write(
      "mixed.ndjson",
      `${row("a", "A")}\n{"table":"customers"\n\n${row("b", "x".repeat(256))}\n${row("c", "C")}\n{"table":"custmers","op":"delete","key":{}}`,
    );
    const kept = files.path("refused.ndjson");
    const run = await publish([file, "--refused", kept]);
    assert.equal(run.code, 1);
    const lines = run.stderr.split("\n");
    assert.match(lines[0] ?? "", /mixed\.ndjson:2: malformed: The line is not JSON: .* at column 21\.$/);
    assert.match(
      lines[1] ?? "",
      /mixed\.ndjson:4: invalid \/set\/firstName: customers: column firstName .* 255/,
    );
    assert.match(lines[2] ?? "", /mixed\.ndjson:6: unknown_table \/table: .*did you mean customers/);
    assert.match(lines[3] ?? "", /mixed\.ndjson: 2 sent, 3 refused, 0 failed in /);
    await arrived.until(() => arrived.deliveries.length === 2);
    assert.deepEqual([...keysByData(arrived).keys()].sort(), [row("a", "A"), row("c", "C")]);
    const found = (await readFile(kept, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      found.map(({ line, record, code, pointer, rule }) => [line, record, code, pointer, rule]),
      [
        [2, 2, "malformed", undefined, "syntax"],
        [4, 3, "invalid", "/set/firstName", "max_length"],
        [6, 5, "unknown_table", "/table", undefined],
      ],
    );
    assert.equal(found[0].original, '{"table":"customers"');
    assert.deepEqual(found[1].original, JSON.parse(row("b", "x".repeat(256))));
  },
);

test("sent twice, a file has the same keys; a line that stands in it twice has two", LIMIT, async (t) => {
  const { publish, arrived } = await publishTarget(t, shared);
  const add = '{"add":{"replies_count":1},"key":{"id":1},"op":"update","table":"toots"}';
  const file = await files.write("twice.ndjson", `${add}\n${row("a", "A")}\n${add}\n`);
  for (let i = 0; i < 2; i += 1) assert.equal((await publish([file])).code, 0);
  assert.equal((await publish([file, "--key-prefix", "again/"])).code, 0);
  await arrived.until(() => arrived.deliveries.length === 9);
  const keys = [keyOf(add), `${keyOf(add)}:2`];
  const found = keysByData(arrived);
  assert.deepEqual(found.get(add)?.toSorted(), [...keys, ...keys.map((key) => `again/${key}`)].toSorted());
  assert.equal(found.get(row("a", "A"))?.length, 2);
});

test("keys may stand in a column, or be new each time", LIMIT, async (t) => {
  const { publish, arrived } = await publishTarget(t, shared);
  const file = await files.write("keys.csv", "event,customerID,firstName\nk 1,a,A\n,b,B\n");
  const named = await publish([file, "--table", "customers", "--key-column", "event"]);
  assert.equal(named.code, 1);
  assert.match(named.stderr, /keys\.csv:3: invalid \/event: The record has no idempotency key/);
  const both = `${row("c", "C")}\n${row("d", "D").replace("{", '{"idempotencyKey":"own",')}\n`;
  assert.equal((await publish(["-", "--random-keys"], { typed: both })).code, 0);
  await arrived.until(() => arrived.deliveries.length === 3);
  const found = keysByData(arrived);
  assert.deepEqual(found.get(row("a", "A")), ["k 1"]);
  assert.match(found.get(row("c", "C"))?.[0] ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.deepEqual(found.get(row("d", "D")), ["own"]);
});

test("a dry run judges all and sends nothing", LIMIT, async (t) => {
  const { publish, arrived } = await publishTarget(t, shared);
  const run = await publish(["-", "--dry-run"], { typed: `${row("a", "A")}\n{}\n` });
  assert.equal(run.code, 1);
  assert.match(run.stderr, /standard input: 1 valid, 1 refused in .*; nothing was sent\n$/);
  assert.equal((await publish(["-", "--quiet"], { typed: row("b", "B") })).code, 0);
  await arrived.until(() => arrived.deliveries.length > 0);
  assert.deepEqual([...keysByData(arrived).keys()], [row("b", "B")]);
});

test(
  "a file that breaks in the middle is sent up to there, and says where and how to go on",
  LIMIT,
  async (t) => {
    const { publish, arrived } = await publishTarget(t, shared);
    const file = await files.write("broken.json", `[${row("a", "A")},\n ${row("b", "B")}\n {}]`);
    const run = await publish([file]);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /broken\.json:3:2: expected "," or "\]" here; nothing behind this place was read\n/,
    );
    assert.match(run.stderr, /every record up to 2 is sent or refused; go on with --from 3\n/);
    const mended = await files.write(
      "mended.json",
      `[${row("a", "A")},\n ${row("b", "B")},\n ${row("c", "C")}]`,
    );
    assert.equal((await publish([mended, "--from", "3"])).code, 0);
    await arrived.until(() => arrived.deliveries.length === 3);
    assert.deepEqual([...keysByData(arrived).keys()].sort(), [row("a", "A"), row("b", "B"), row("c", "C")]);
  },
);

test("wrong use is told in one sentence, with exit code 2, and nothing is sent", LIMIT, async (t) => {
  const { publish, arrived } = await publishTarget(t, shared);
  const csv = await files.write("head.csv", "customerID,frstName\na,A\n");
  const gzip = await files.write("packed.ndjson", Buffer.from([0x1f, 0x8b, 8, 0]));
  for (const [args, sentence] of [
    [[files.path("nowhere.csv")], /^rowpost: there is no file .*nowhere\.csv\n$/],
    [[files.path(".")], /is a folder, not a file\n$/],
    [[gzip], /is compressed by gzip: unpack it first/],
    [[csv], /is CSV: say with --table/],
    [[csv, "--table", "customers"], /the header names "frstName".*did you mean firstName\?\n$/],
    [[csv, "--table", "customers", "--key-column", "event"], /names "frstName"|has no column "event"/],
    [
      [csv, "--table", "customers", "--refused", "/nowhere/at/all"],
      /^rowpost: cannot write \/nowhere\/at\/all/,
    ],
    [[csv, "--from", "0"], /a number from 1\./],
    [[csv, "--key-prefix", "é"], /printable ASCII/],
    [[csv, "--random-keys", "--key-column", "x"], /cannot be used with/],
  ] as const) {
    const run = await publish(args);
    assert.equal(run.code, 2, args.join(" "));
    assert.match(run.stderr, sentence);
  }
  await publish(["-"], { typed: row("b", "B") });
  await arrived.until(() => arrived.deliveries.length > 0);
  assert.deepEqual([...keysByData(arrived).keys()], [row("b", "B")]);
});

test("a disk that takes no more ends the run, which says how far it came", {
  ...LIMIT,
  skip: !existsSync("/dev/full"),
}, async (t) => {
  const { publish } = await publishTarget(t, shared);
  const typed = `${row("a", "A")}\n${"{}\n".repeat(5_000)}`;
  const run = await publish(["-", "--refused", "/dev/full"], { typed });
  assert.equal(run.code, 1);
  assert.match(
    run.stderr,
    /standard input: cannot write \/dev\/full: ENOSPC.*\nevery record up to [\d,]+ is sent or refused/,
  );
  assert.match(run.stderr, /standard input: 1 sent, [\d,]+ refused/);
});

test("a topic that does not exist is named, with what to do", LIMIT, async (t) => {
  const { publish } = await publishTarget(t, {
    ...shared,
    environment: { ...shared.environment, GOOGLE_CLOUD_PROJECT: "no-such-project" },
  });
  const run = await publish(["-"], { typed: row("b", "B") });
  assert.equal(run.code, 1);
  assert.match(
    run.stderr,
    /standard input: topic ".*" in project "no-such-project" does not exist: create it with/,
  );
  assert.match(run.stderr, /no record is confirmed yet; start again from the first\n/);
  assert.match(run.stderr, /0 sent, 0 refused, 0 failed, 1 not confirmed/);
});

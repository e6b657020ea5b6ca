import assert from "node:assert/strict";
import { test } from "node:test";
import type { InputRecord } from "../../../src/cli/publish-record.ts";
import { Refusals } from "../../../src/cli/publish-refusals.ts";
import { type Refusal, refusalLine } from "../../../src/cli/publish-refused.ts";
import { isComplete, type RunResult, reportLines } from "../../../src/cli/publish-report.ts";

const RESULT: RunResult = {
  name: "c.csv",
  ending: { why: "end" },
  dryRun: false,
  randomKeys: false,
  from: 1,
  read: 84_120,
  done: 84_120,
  refused: 0,
  failed: 0,
  unconfirmed: 0,
  settledUpTo: 84_120,
  elapsedMs: 6_800,
};

test("a run that sent all says how many, how long and how fast", () => {
  assert.deepEqual(reportLines(RESULT), ["c.csv: 84,120 sent, 0 refused, 0 failed in 6.8 s (12,371/s)"]);
  assert.equal(isComplete(RESULT), true);
  for (const one of [{ refused: 1 }, { failed: 1 }, { unconfirmed: 1 }]) {
    assert.equal(isComplete({ ...RESULT, ...one }), false);
  }
});

test("a dry run says that nothing was sent", () => {
  assert.deepEqual(reportLines({ ...RESULT, dryRun: true, refused: 2, from: 5 }), [
    "c.csv: 84,120 valid, 2 refused in 6.8 s (12,371/s), from record 5 on; nothing was sent",
  ]);
});

test("an empty file, and one that ends before the first record to send, say so", () => {
  assert.deepEqual(reportLines({ ...RESULT, read: 0, done: 0 }), ["c.csv: no records"]);
  assert.deepEqual(reportLines({ ...RESULT, read: 7, done: 0, from: 9 }), [
    "c.csv: only 7 records, none to send",
  ]);
});

test("an interrupted run says up to where all is sent and how to go on", () => {
  const ending = { why: "interrupted", signal: "SIGINT" } as const;
  assert.deepEqual(reportLines({ ...RESULT, ending, settledUpTo: 41_200 }).slice(0, 2), [
    "c.csv: interrupted by SIGINT",
    "every record up to 41,200 is sent or refused; go on with --from 41201",
  ]);
  assert.equal(isComplete({ ...RESULT, ending }), false);
});

test("when the broker is away, it says what becomes of what it may have taken", () => {
  const away = {
    ...RESULT,
    ending: { why: "trouble", message: "Pub/Sub does not answer" },
    read: 50,
    done: 40,
    unconfirmed: 12,
    settledUpTo: 30,
  } as const;
  assert.deepEqual(reportLines(away), [
    "c.csv: Pub/Sub does not answer",
    "every record up to 30 is sent or refused; go on with --from 31",
    "what is sent again has the same idempotency key, and takes effect once",
    "c.csv: 40 sent, 0 refused, 0 failed, 12 not confirmed in 6.8 s (6/s)",
  ]);
  assert.match(
    reportLines({ ...away, randomKeys: true }).join("\n"),
    /up to 20 records behind that may have been sent, too: with --random-keys they would be applied twice/,
  );
  assert.match(
    reportLines({ ...away, settledUpTo: 0 }).join("\n"),
    /no record is confirmed yet; start again/,
  );
});

test("a broken file says where", () => {
  const ending = { why: "broken", place: { line: 7, column: 3, reason: 'expected "," here' } } as const;
  assert.equal(
    reportLines({ ...RESULT, ending })[0],
    'c.csv:7:3: expected "," here; nothing behind this place was read',
  );
});

const RECORD = { number: 3, line: 5, end: 9, pointer: "", fault: { code: "invalid", message: "" } } as const;
const REFUSAL: Refusal = { code: "invalid", rule: "type", pointer: "/a", message: "No." };

function record(text: string | undefined, json: boolean): InputRecord {
  return { ...RECORD, original: text === undefined ? undefined : { bytes: Buffer.from(text), json } };
}

test("a refused record is kept as it was written, on one line", () => {
  const start =
    '{"line":5,"record":3,"code":"invalid","pointer":"/a","rule":"type","message":"No.","original":';
  assert.equal(
    refusalLine(record('{"a":\n  9007199254740993.10}', true), REFUSAL),
    `${start}{"a": 9007199254740993.10}}`,
  );
  assert.equal(refusalLine(record('c-1,"a\r\nb"', false), REFUSAL), `${start}"c-1,\\"a\\r\\nb\\""}`);
  assert.equal(refusalLine(record(undefined, false), REFUSAL), `${start}null}`);
});

test("the first 20 refused records are shown, and how many more there are", () => {
  const said: string[] = [];
  const refusals = new Refusals("f\u001b.csv", undefined, (line) => said.push(line));
  for (let i = 0; i < 23; i += 1) refusals.add(record("x", false), REFUSAL);
  refusals.end();
  assert.equal(said.length, 21);
  assert.equal(said[0], "f\\u001b.csv:5: invalid /a: No.");
  assert.equal(said[20], "… 3 more; --refused FILE keeps them all");
});

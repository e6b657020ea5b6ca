import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpProblem } from "../../../src/http/problem.ts";
import { readItems } from "../../../src/http/read-items.ts";

const parts = {
  limits: { changes: 100, dataBytes: 1_000, depth: 4 },
  options: {
    batchItems: 3,
    longestWait: 30,
    flatRowWait: 10,
    bodyBytes: 10_000,
    workerUrl: undefined,
    ratePerSecond: 0,
    corsOrigins: [],
  },
};
const JSON_TYPE = "application/json";
const LINES = "application/x-ndjson; charset=utf-8";

const read = (text: string | Buffer, type: string = JSON_TYPE) =>
  readItems(Buffer.from(text as string), type, parts);
const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof HttpProblem) return error.body.code;
    throw error;
  }
  return "read";
};

test("one update is a single item, a list of them is not", () => {
  assert.deepEqual(read('{"table":"a"}'), { single: true, items: [{ value: { table: "a" } }] });
  assert.deepEqual(read('{"updates":[{"table":"a"},5]}'), {
    single: false,
    items: [{ value: { table: "a" } }, { value: 5 }],
  });
  assert.equal(read("[]").single, true, "an array is no list of updates: it is refused as an update");
});

test("NDJSON is an update a line; a line that cannot be read refuses only itself", () => {
  const { single, items } = read('\r\n{"a":1}\r\n \n{oops\n{"b":2}', LINES);
  assert.equal(single, false);
  assert.deepEqual(items[0], { value: { a: 1 } });
  assert.equal(items[1]?.problem?.status, 400);
  assert.deepEqual(items[2], { value: { b: 2 } });
});

test("a list has at least one update and at most as many as configured", () => {
  assert.equal(
    code(() => read('{"updates":[]}')),
    "invalid",
  );
  assert.equal(
    code(() => read('{"updates":5}')),
    "invalid",
  );
  assert.equal(
    code(() => read('{"updates":[1],"more":1}')),
    "invalid",
  );
  assert.equal(
    code(() => read('{"updates":[1,2,3,4]}')),
    "too_large",
  );
  assert.equal(
    code(() => read("\n \n", LINES)),
    "invalid",
  );
  assert.equal(
    code(() => read("1\n2\n3\n4", LINES)),
    "too_large",
  );
});

test("an empty body, broken JSON, invalid UTF-8 and nesting without end are refused as a whole", () => {
  assert.equal(
    code(() => readItems(undefined, JSON_TYPE, parts)),
    "malformed",
  );
  assert.equal(
    code(() => read("")),
    "malformed",
  );
  assert.equal(
    code(() => read("{")),
    "malformed",
  );
  assert.equal(
    code(() => read(Buffer.from([0x22, 0xff, 0x22]))),
    "malformed",
  );
  assert.equal(
    code(() => read('{"a":1,"a":2}')),
    "invalid",
  );
  assert.equal(
    code(() => read("[".repeat(50) + "]".repeat(50))),
    "too_large",
  );
});

test("a member beside the list is named in bounds, and its pointer leads to it", () => {
  const problem = (name: string) => {
    try {
      read(`{"updates":[],${JSON.stringify(name)}:1}`);
    } catch (error) {
      if (error instanceof HttpProblem) return error.body;
    }
    throw new Error("taken");
  };
  assert.equal(problem("a/b~").pointer, "/a~1b~0");
  const { detail, pointer } = problem("n".repeat(5_000));
  assert.ok(detail.length < 200 && pointer === "", detail);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonCutter } from "../../../src/cli/publish-json.ts";
import { LineCutter } from "../../../src/cli/publish-lines.ts";
import { isBreak } from "../../../src/cli/publish-piece.ts";
import { readRecords } from "../../../src/cli/publish-record.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";

const LIMITS = { dataBytes: 60, depth: 4 };

/** What is read of a text: number, line, pointer, and value or fault; a break as its place. */
async function read(text: string | Buffer, as: "lines" | "members" | "one") {
  const cutter = as === "lines" ? new LineCutter(LIMITS.dataBytes) : new JsonCutter(as, LIMITS.dataBytes);
  async function* chunks() {
    yield Buffer.from(text as string);
  }
  const found = [];
  for await (const record of readRecords(chunks(), cutter, as === "lines" ? "lines" : "parts", LIMITS)) {
    found.push(
      isBreak(record)
        ? `${record.line}:${record.column} ${record.reason}`
        : [record.number, record.line, record.pointer, record.value ?? record.fault?.message],
    );
  }
  return found;
}

test("each line stands for itself: one that is no JSON is refused, with the place in it", async () => {
  assert.deepEqual(await read('{"a":1}\n\n{"a":}\n[9007199254740993]\n{"b":1,"b":2}\n', "lines"), [
    [1, 1, "", { a: 1 }],
    [2, 3, "", 'The line is not JSON: unexpected "}" at column 6.'],
    [3, 4, "", [new LosslessNumber("9007199254740993")]],
    [4, 5, "", 'The member "b" occurs more than once in its object; keep one of them.'],
  ]);
});

test("a line that is not UTF-8 is refused alone", async () => {
  const text = Buffer.from('{"a":"\xe9"}\n{"a":1}', "latin1");
  assert.deepEqual(await read(text, "lines"), [
    [1, 1, "", "The data is not UTF-8; publish the JSON text encoded as UTF-8."],
    [2, 2, "", { a: 1 }],
  ]);
});

test("a record that is too large is refused alone", async () => {
  const message = "The record has 70 bytes; more than 60 are not even read.";
  assert.deepEqual(await read(`"${"x".repeat(68)}"\n1`, "lines"), [
    [1, 1, "", message],
    [2, 2, "", 1],
  ]);
  assert.deepEqual(await read(`["${"x".repeat(68)}",1]`, "members"), [
    [1, 1, "/0", message],
    [2, 1, "/1", 1],
  ]);
});

test("parts of one JSON text have a pointer into it", async () => {
  assert.deepEqual(await read('[1,\n{"a":1}]', "one"), [
    [1, 1, "/0", 1],
    [2, 2, "/1", { a: 1 }],
  ]);
  assert.deepEqual(await read('{"c/1": 1,\n"c~2":2}', "members"), [
    [1, 1, "/c~11", 1],
    [2, 2, "/c~02", 2],
  ]);
  assert.deepEqual(await read(' {"a":1}', "one"), [[1, 1, "", { a: 1 }]]);
});

test("a part that is no JSON breaks the text, with the place in the file", async () => {
  assert.deepEqual(await read('[1,\n  {"a": 1,\n   b: 2}, 3]', "members"), [
    [1, 1, "/0", 1],
    "3:4 expected double-quoted property name",
  ]);
  assert.deepEqual(await read("[[1}]", "members"), ["1:4 expected ',' or ']' after array element"]);
  assert.deepEqual(await read('{"a\\q":1}', "members"), ["1:8 the name in front of this is no JSON text"]);
});

test("a part that other rules refuse does not break the text", async () => {
  assert.deepEqual(await read('[{"b":1,"b":2},[[[[[1]]]]],3]', "members"), [
    [1, 1, "/0", 'The member "b" occurs more than once in its object; keep one of them.'],
    [2, 1, "/1", "The JSON is nested 5 levels deep; at most 4 are allowed."],
    [3, 1, "/2", 3],
  ]);
});

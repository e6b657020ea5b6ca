import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JsonCutter } from "../../../src/cli/publish-json.ts";
import { type Break, isBreak, type Piece } from "../../../src/cli/publish-piece.ts";

/** Cuts a text that comes in chunks of so many bytes. */
function cut(text: string | Buffer, object: "members" | "one" = "members", chunk = 1 << 20, limit = 1 << 20) {
  const cutter = new JsonCutter(object, limit);
  const bytes = Buffer.from(text as string);
  const found: (Piece | Break)[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    found.push(...cutter.push(Buffer.from(bytes.subarray(at, at + chunk))));
  }
  return [...found, ...cutter.end()];
}

function seen(found: readonly (Piece | Break)[]) {
  return found.map((one) =>
    isBreak(one)
      ? `${one.line}:${one.column} ${one.reason}`
      : [one.name?.toString() ?? one.index, one.bytes?.toString(), `${one.line}:${one.column}`, one.end],
  );
}

test("the elements of an array are cut out as they were written, with their places", () => {
  assert.deepEqual(seen(cut('[{"a": [1, "]"]},\n  12.50 ,"é\\"}",\n\n[ ] , null]\n')), [
    [0, '{"a": [1, "]"]}', "1:2", 16],
    [1, "12.50", "2:3", 25],
    [2, '"é\\"}"', "2:10", 34],
    [3, "[ ]", "4:1", 40],
    [4, "null", "4:7", 47],
  ]);
});

test("the members of an object are cut out with their names", () => {
  assert.deepEqual(seen(cut('{ "c-1" : {"a":1},"\\u0063-2":{} }')), [
    ['"c-1"', '{"a":1}', "1:11", 17],
    ['"\\u0063-2"', "{}", "1:30", 31],
  ]);
});

test("an object that is one record is not cut", () => {
  assert.deepEqual(seen(cut('\n{"table":"t",\n"op":"delete"}\n', "one")), [
    [undefined, '{"table":"t",\n"op":"delete"}', "2:1", 29],
  ]);
});

test("empty brackets hold no records", () => {
  assert.deepEqual(cut(" [ ] "), []);
  assert.deepEqual(cut("{}"), []);
});

test("what comes in chunks of any size is cut the same", () => {
  const value = fc.array(fc.jsonValue(), { maxLength: 6 });
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 1), (items, chunk, indent) => {
      const text = JSON.stringify(items, null, indent);
      const found = cut(text, "members", chunk);
      assert.deepEqual(
        found.map((one) => (isBreak(one) ? one : JSON.parse(String(one.bytes)))),
        JSON.parse(text),
      );
      // places don't depend on chunks, except that a character cut in two counts as two columns
      if (/^[\0-\x7f]*$/.test(text)) assert.deepEqual(seen(found), seen(cut(text)));
    }),
  );
});

for (const [text, place] of [
  ["", "1:1 the JSON text ends too early"],
  ["[1,2", "1:5 the JSON text ends too early"],
  ['[{"a":1}', "1:9 the JSON text ends too early"],
  ["[1 2]", '1:4 expected "," or "]" here'],
  ["[1,]", "1:4 expected a value here"],
  ["[1}", '1:3 expected "," or "]" here'],
  ["{\n'a':1}", '2:1 expected a name in double quotes or "}" here'],
  ['{"a" 1}', '1:6 expected ":" here'],
  ['{"a":1,}', "1:8 expected a name in double quotes here"],
  ["[]\n[]", "2:1 something stands behind the end of the JSON text (one value a line is --format ndjson)"],
  ["customerID,x", '1:1 expected "[" or "{" here'],
] as const) {
  test(`a text that is no JSON tells its place: ${JSON.stringify(text)}`, () => {
    assert.equal(seen(cut(text)).at(-1), place);
    assert.equal(seen(cut(text, "members", 1)).at(-1), place);
  });
}

test("of a record beyond the limit nothing is kept, and the next one is read", () => {
  for (const chunk of [1, 7, 1 << 20]) {
    const text = `[{"a":"${"\\\\".repeat(100)}\\""},[1],${"9".repeat(300)},{"b":"${"x".repeat(91)}"}]`;
    const [first, second, third, fourth] = cut(text, "members", chunk, 99) as Piece[];
    assert.deepEqual([first?.bytes, first?.size], [undefined, 210]);
    assert.equal(String(second?.bytes), "[1]");
    assert.deepEqual([third?.bytes, third?.size], [undefined, 300]);
    assert.equal(fourth?.bytes?.length, 99);
  }
});

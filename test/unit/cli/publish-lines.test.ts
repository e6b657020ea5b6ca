import assert from "node:assert/strict";
import { test } from "node:test";
import { LineCutter } from "../../../src/cli/publish-lines.ts";

function cut(text: string, chunk = 1 << 20, limit = 1 << 20) {
  const cutter = new LineCutter(limit);
  const bytes = Buffer.from(text);
  const found = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    found.push(...cutter.push(bytes.subarray(at, at + chunk)));
  }
  return [...found, ...cutter.end()].map(({ line, bytes: kept, end, size }) => [
    line,
    kept?.toString(),
    end,
    size,
  ]);
}

for (const chunk of [1, 2, 3, 1 << 20]) {
  test(`lines end with LF, CRLF or the file, and blank ones are counted only (chunks of ${chunk})`, () => {
    assert.deepEqual(cut('{"a":1}\r\n\n  \t\r\n{"é":2}\n\n3', chunk), [
      [1, '{"a":1}', 9, 7],
      [4, '{"é":2}', 24, 8],
      [6, "3", 26, 1],
    ]);
  });

  test(`of a line beyond the limit nothing is kept, and the next one is read (chunks of ${chunk})`, () => {
    assert.deepEqual(cut(`${"x".repeat(11)}\n${"y".repeat(10)}\r\n${"z".repeat(30)}\r\n1`, chunk, 10), [
      [1, undefined, 12, 11],
      [2, "y".repeat(10), 24, 10],
      [3, undefined, 56, 31],
      [4, "1", 57, 1],
    ]);
  });
}

test("an empty file has no lines", () => {
  assert.deepEqual(cut(""), []);
  assert.deepEqual(cut("\n\r\n"), []);
});

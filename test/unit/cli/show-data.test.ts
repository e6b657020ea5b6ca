import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hexdump, indentJson, showData } from "../../../src/cli/show-data.ts";

test("JSON is indented and keeps every digit, escape and repeated member", () => {
  const written =
    '{"id":12345678901234567890, "d":1.10,"\\u0061":[ ],"a":{},"a":[1,{"b":null}],"s":"x, {y}: \\" z"}';
  const { kind, text, left } = showData(Buffer.from(written));
  assert.deepEqual({ kind, left }, { kind: "JSON", left: 0 });
  assert.equal(
    text,
    `{
  "id": 12345678901234567890,
  "d": 1.10,
  "\\u0061": [],
  "a": {},
  "a": [
    1,
    {
      "b": null
    }
  ],
  "s": "x, {y}: \\" z"
}`,
  );
});

test("indenting changes nothing but white space", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      const indented = indentJson(text);
      assert.equal(indentJson(indented ?? ""), indented);
      assert.deepEqual(JSON.parse(indented ?? ""), JSON.parse(text));
    }),
  );
});

test("data that is text but no JSON is shown as it is, without what a terminal would act on", () => {
  assert.deepEqual(showData(Buffer.from("not\n\u001b[31mJSON")), {
    kind: "text",
    text: "not\n\\u001b[31mJSON",
    left: 0,
  });
});

test("data that is no text is shown as a dump of its first 512 bytes", () => {
  const { kind, text, left } = showData(Buffer.alloc(600, 0xff));
  assert.deepEqual({ kind, left, lines: text.split("\n").length }, { kind: "binary", left: 88, lines: 32 });
  assert.equal(
    hexdump(Buffer.from("rowpost\0\u00e9")),
    "00000000  72 6f 77 70 6f 73 74 00 c3 a9                    rowpost...",
  );
});

test("long text is cut at a character, and JSON nested too deeply is not indented", () => {
  const long = showData(Buffer.from("é".repeat(40_000)));
  assert.deepEqual({ kind: long.kind, left: long.left }, { kind: "text", left: 80_000 - 65_536 });
  assert.ok(!long.text.includes("\ufffd"));
  assert.equal(showData(Buffer.from("[".repeat(100) + "]".repeat(100))).kind, "text");
});

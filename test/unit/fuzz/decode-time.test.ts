import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createDecoder } from "../../../src/messages/decode.ts";
import type { Message } from "../../../src/messages/update.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { everyKind, journal } from "../../support/fuzz/every-kind.ts";
import { assertHolds } from "../../support/fuzz/fuzz-runs.ts";

const LIMITS = { changes: 100, dataBytes: 1024 * 1024, depth: 64 };
const decode = createDecoder(registryOf([everyKind, journal]), LIMITS);

/** Repeats of a text, about 16 KiB: long enough for a time that grows with the square of the length to show. */
const LENGTH = 16_384;
/** Linear work takes some 0.1 ms a KiB at the most; the bound leaves room for a busy machine. */
const MOST_MS = 100;

const COLUMNS = [...everyKind.columns.keys()];
const PARTS = [
  ...[
    "0",
    "9",
    ".",
    "-",
    "+",
    "e",
    "E1",
    " ",
    "\t",
    "a",
    "A",
    "é",
    "😀",
    "=",
    "==",
    "/",
    "\\",
    '"',
    "'",
    ",",
    ":",
    ";",
  ],
  ...[
    "{",
    "}",
    "[",
    "]",
    "null",
    '"":',
    "\\u0041",
    "\\\\",
    "2024-01-01",
    "T",
    "Z",
    "12:",
    "charset=",
    "utf-8",
    "+json",
  ],
  ...["\u0000", "\u2028", "~", "~1", "|", "%", "\ud83d"],
];
/** A few parts over and over, with something else before and behind. */
const pumped = fc
  .tuple(part(0, 3), part(1, 3), part(0, 2))
  .map(([before, again, behind]) => before + again.repeat(Math.ceil(LENGTH / again.length)) + behind);

function part(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...PARTS), { minLength, maxLength }).map((some) => some.join(""));
}

const quoted = (text: string) => JSON.stringify(text.toWellFormed());
const KEY = '"key":{"code":"a","day":"2024-01-01","number":1}';

/** Where a long text may stand. */
const PLACES: readonly ((text: string) => Pick<Message, "data" | "attributes">)[] = [
  (text) => inData(text),
  (text) => inData(`{"table":${quoted(text)},"op":"delete"}`),
  (text) => inData(`{"table":"every_kind","op":${quoted(text)}}`),
  (text) => inData(`{"table":"every_kind","op":"upsert",${KEY},${quoted(text)}:1}`),
  (text) => inData(`{"table":"every_kind","op":"upsert",${KEY},"set":{${quoted(text)}:1}}`),
  (text) => inData(`{"table":"every_kind","op":"upsert",${KEY},"set":{"document":[${text}]}}`),
  (text) => inData(`{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":${quoted(text)}}`),
  (text) => inData(`{"specversion":"1.0","id":"1","source":${quoted(text)},"type":"t","data":{}}`),
  ...COLUMNS.map((name) => (text: string) => inData(setting(name, quoted(text)))),
  ...COLUMNS.map((name) => (text: string) => inData(setting(name, text))),
  ...["content-type", "idempotency-key", "ce-source", "ce-specversion", "googclient_schemaencoding"].map(
    (name) => (text: string) => inData("{}", { [name]: text }),
  ),
  (text) => inData(text, { googclient_schemaencoding: "JSON" }),
  (text) => inData(text, { googclient_schemaencoding: "BINARY" }),
  (text) => inData(`\u0001\u0002${text}`, { googclient_schemaencoding: "BINARY" }),
];

function setting(name: string, value: string): string {
  return `{"table":"every_kind","op":"upsert",${KEY},"set":{${JSON.stringify(name)}:${value}}}`;
}

function inData(text: string, attributes: Message["attributes"] = {}) {
  return { data: Buffer.from(text), attributes };
}

test("no message takes longer than a time that grows with its length", async (t) => {
  const slowest = { msPerKib: 0, what: "" };
  const look = (at: number, text: string) => {
    const sent = PLACES[at]?.(text) ?? inData(text);
    const ms = timeOf(sent);
    const msPerKib = ms / (Math.max(sent.data.length, text.length) / 1024);
    const what = `place ${at}, ${JSON.stringify(text.slice(0, 60))}`;
    if (msPerKib > slowest.msPerKib) Object.assign(slowest, { msPerKib, what });
    assert.ok(ms < MOST_MS, `${ms} ms: ${what}`);
  };
  for (const at of PLACES.keys()) for (const one of PARTS) look(at, `${one.repeat(LENGTH / one.length)}x`);
  await assertHolds(fc.property(fc.nat(PLACES.length - 1), pumped, look), 300);
  t.diagnostic(`the slowest message took ${slowest.msPerKib.toFixed(3)} ms a KiB: ${slowest.what}`);
});

/** Milliseconds; of what seems slow, the shortest of three times, for the machine has other things to do. */
function timeOf({ data, attributes }: Pick<Message, "data" | "attributes">): number {
  let best = Infinity;
  for (let tries = 0; tries < 3 && best > 10; tries += 1) {
    const began = performance.now();
    decode({ data, attributes, messageId: "1", publishedAt: new Date(0) });
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  confirmedLine,
  lineBegin,
  lostLine,
  readJournalLine,
  sentLine,
} from "../../../src/messages/journal.ts";
import type { Fingerprint, IdempotencyKey } from "../../../src/messages/update.ts";

const AT = Date.parse("2026-11-21T10:55:10.123Z");
const FINGERPRINT = "0123456789abcdef".repeat(4);
const begin = (key: string) =>
  lineBegin({ key: key as IdempotencyKey, fingerprint: FINGERPRINT as Fingerprint });
const read = (line: string) => readJournalLine(Buffer.from(line.replace(/\n$/, "")));

test("an update stands in a journal as a line before it is sent, and as one when it is confirmed", () => {
  assert.equal(
    sentLine(begin("k-1"), AT),
    `{"key":"k-1","fingerprint":"${FINGERPRINT}","sent":"2026-11-21T10:55:10.123Z"}\n`,
  );
  assert.equal(
    confirmedLine(begin("k-1"), AT, "17"),
    `{"key":"k-1","fingerprint":"${FINGERPRINT}","confirmed":"2026-11-21T10:55:10.123Z","messageId":"17"}\n`,
  );
});

test("what is written is read as it was, whatever a key consists of", () => {
  const longest = `"\\"{}, ${"~".repeat(247)}"`;
  for (const key of ["k", longest, '{"key":"', "'--\\u0000", "a  b"]) {
    const line = { key, fingerprint: FINGERPRINT, at: AT };
    assert.deepEqual(read(sentLine(begin(key), AT)), { line: { kind: "sent", ...line } });
    const confirmed = read(confirmedLine(begin(key), AT, "9"));
    assert.deepEqual(confirmed, { line: { kind: "confirmed", ...line, messageId: "9" } });
  }
  const later = read(sentLine(begin("k"), AT + 1)).line;
  assert.equal(later?.at, AT + 1);
  assert.deepEqual(read(lostLine(3, AT)), { line: { kind: "lost", lines: 3, at: AT } });
});

test("a line that is cut anywhere is half-written, and nothing else", () => {
  for (const whole of [sentLine(begin("k"), AT), confirmedLine(begin("k"), AT, "9"), lostLine(12, AT)]) {
    for (let end = 1; end < whole.length - 1; end += 1)
      assert.deepEqual(read(whole.slice(0, end)), { torn: true }, whole.slice(0, end));
  }
  assert.deepEqual(readJournalLine(Buffer.alloc(100)), { torn: true });
  assert.deepEqual(read(sentLine(begin("k"), AT).slice(0, 30) + sentLine(begin("l"), AT)), { torn: true });
});

test("a line that no journal has is told with what is wrong in it", () => {
  const cases: [string, RegExp][] = [
    ["hello", /"hello" is not JSON/],
    ['{"table":"toots"', /is not JSON/],
    ["17", /is no JSON object/],
    ["[]", /is no JSON object/],
    ["{}", /the member key is missing/],
    [
      `{"key":" k","fingerprint":"${FINGERPRINT}","sent":"2026-11-21T10:55:10Z"}`,
      /must be an idempotency key/,
    ],
    ['{"key":"k"}', /the member fingerprint is missing/],
    ['{"key":"k","fingerprint":"AB"}', /the member fingerprint is "\\"AB\\"", and must be 64/],
    [`{"key":"k","fingerprint":"${FINGERPRINT}"}`, /the member sent is missing/],
    [`{"key":"k","fingerprint":"${FINGERPRINT}","sent":"yesterday"}`, /the member sent .* a time/],
    [`{"key":"k","fingerprint":"${FINGERPRINT}","sent":"2026-13-41T10:55:10Z"}`, /the member sent .* a time/],
    [`{"key":"k","fingerprint":"${FINGERPRINT}","confirmed":"2026-11-21T10:55:10Z"}`, /messageId is missing/],
    [`{"lost":0,"at":"2026-11-21T10:55:10Z"}`, /the member lost is "0"/],
    [`\u001b[31m`, /\\u001b\[31m" is not JSON/],
  ];
  for (const [line, expected] of cases) assert.match(read(line).fault ?? "", expected, line);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { idempotencyKey } from "../../../src/messages/idempotency-key.ts";
import { REJECTION_CODES } from "../../../src/messages/rejection.ts";
import type { Message } from "../../../src/messages/update.ts";
import { changesOf, decode, message } from "./sample-tables.ts";

/** Whatever comes: a key, a fingerprint, and an update or a rejection that keeps to the closed list. */
function holds(one: Message): void {
  const decoded = decode(one);
  assert.equal(decoded.message, one);
  assert.equal(idempotencyKey(decoded.key), decoded.key);
  assert.match(decoded.fingerprint, /^[0-9a-f]{64}$/);
  assert.deepEqual(decode(one).fingerprint, decoded.fingerprint);
  assert.notEqual(decoded.update === undefined, decoded.rejection === undefined);
  if (decoded.rejection !== undefined) {
    const { code, rule, pointer, message: sentence } = decoded.rejection;
    assert.ok(REJECTION_CODES.includes(code));
    assert.match(rule ?? "none", /^[a-z0-9_]+$/);
    assert.match(pointer ?? "", /^(\/[^/]*)*$/);
    assert.ok(sentence.length < 600 && /[.?]$/.test(sentence), sentence);
  }
}

const name = fc.oneof(
  fc.constantFrom(
    "table",
    "op",
    "key",
    "set",
    "add",
    "expect",
    "changes",
    "id",
    "amount",
    "meta",
    "row",
    "number",
    "__proto__",
    "constructor",
    "specversion",
    "data",
    "data_base64",
  ),
  fc.string({ maxLength: 5 }),
);
const scalar = fc.oneof(
  fc.constantFrom(
    "ledger",
    "seats",
    "notes",
    "insert",
    "update",
    "upsert",
    "delete",
    "1.0",
    "",
    "7",
    null,
    true,
    -1,
    1e300,
    0.1,
  ),
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 6 }),
  ),
}));
const change = fc.record(
  {
    table: fc.constantFrom("ledger", "seats", "notes", "x"),
    op: fc.constantFrom("insert", "update", "upsert", "delete"),
    key: value,
    set: value,
    add: value,
    expect: value,
  },
  { requiredKeys: ["table", "op"] },
);
const attributes = fc.dictionary(
  fc.constantFrom(
    "idempotency-key",
    "ce-id",
    "ce-source",
    "ce-type",
    "ce-specversion",
    "content-type",
    "CloudPubSubDeadLetterSourceSubscription",
    "toString",
  ),
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("1.0", "application/json", "application/cloudevents+json") },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  ),
  { maxKeys: 3 },
);

describe("decoding never throws and always names the update", () => {
  test("for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), attributes, (bytes, attrs) =>
        holds(message(Buffer.from(bytes), attrs)),
      ),
      { numRuns: 300 },
    );
  });

  test("for any JSON", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          fc.json().map((text) => JSON.parse(text)),
        ),
        attributes,
        (json, attrs) => holds(message(JSON.stringify(json), attrs)),
      ),
      { numRuns: 300 },
    );
  });

  test("for anything that looks like an update", () => {
    const update = fc.oneof(change, fc.record({ changes: fc.array(change, { maxLength: 4 }) }));
    fc.assert(
      fc.property(update, (json) => holds(message(JSON.stringify(json)))),
      { numRuns: 300 },
    );
  });

  test("for long values", () => {
    const long = 256 * 1024;
    const set = (text: string) => `{"table":"ledger","op":"upsert","key":{"id":1},"set":{"meta":${text}}}`;
    for (const text of [
      "9".repeat(long),
      `1e${"9".repeat(long)}`,
      `0.${"0".repeat(long - 3)}1`,
      `[${"1,".repeat(long / 2 - 2)}1]`,
      `{${"\n".repeat(long)}}`,
      JSON.stringify("é".repeat(long / 2)),
      `"${"\\u0041".repeat(long / 6)}"`,
    ]) {
      holds(message(set(text)));
    }
    holds(message(`{"changes":[${"{},".repeat(long / 3 - 10)}{}]}`));
  });
});

describe("digits survive", () => {
  const written = (column: string, text: string) =>
    changesOf(
      `{"table":"ledger","op":"upsert","key":{"id":${column === "id" ? text : 1}}${column === "id" ? "" : `,"set":{"${column}":${text}}`}}`,
    )[0];

  test("of every unsigned 64-bit integer, as a number and as a text", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
        assert.equal(written("id", `${id}`)?.key["id"], id);
        assert.equal(written("id", `"${id}"`)?.key["id"], id);
        assert.equal(written("id", `${id}.0`)?.key["id"], id);
      }),
    );
  });

  test("of every decimal of 65 digits", () => {
    const decimal = fc.tuple(
      fc.constantFrom("", "-"),
      fc.stringMatching(/^[1-9][0-9]{0,34}$/),
      fc.stringMatching(/^[0-9]{1,30}$/),
    );
    fc.assert(
      fc.property(decimal, ([sign, whole, fraction]) => {
        const stored = `${sign}${whole}.${fraction.padEnd(30, "0")}`;
        assert.equal(written("amount", `${sign}${whole}.${fraction}`)?.set["amount"], stored);
        assert.equal(written("amount", `"${sign}${whole}.${fraction}"`)?.set["amount"], stored);
      }),
    );
  });

  test("inside a JSON column", () => {
    const meta =
      '{"big":9007199254740993,"max":18446744073709551615,"text":"😀","π":3.14159265358979323846264338328}';
    assert.equal(written("meta", meta)?.set["meta"], meta);
  });
});

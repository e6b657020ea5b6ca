import assert from "node:assert/strict";
import { describe, test } from "node:test";
import avro from "avsc";
import fc from "fast-check";
import { encodeAvro } from "../../../src/messages/avro-encode.ts";
import { AVRO_ENCODINGS, AVRO_SCHEMA, type AvroEncoding } from "../../../src/messages/avro-schema.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { canonicalJson } from "../../../src/tables/canonical-json.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";
import { changesOf, decode, message, rejectionOf, sampleRegistry } from "./sample-tables.ts";

const attributesOf = (encoding: string) => ({ googclient_schemaencoding: encoding });
const avroMessage = (plain: string, encoding: AvroEncoding) =>
  message(encodeAvro(Buffer.from(plain), encoding), attributesOf(encoding));
const avroJson = (value: unknown) => message(JSON.stringify(value), attributesOf("JSON"));
/** The library's own reader and writer can judge ours, as long as no long has 53 bits or more: these it reads wrongly. */
const library = avro.Type.forSchema(AVRO_SCHEMA as unknown as avro.Schema, { wrapUnions: "always" });

/** Both encodings mean what the plain JSON means: the same fingerprint, and the same changes or a rejection. */
function meansTheSame(plain: string): void {
  const expected = decode(message(plain));
  for (const encoding of AVRO_ENCODINGS) {
    const { fingerprint, update, rejection } = decode(avroMessage(plain, encoding));
    assert.equal(fingerprint, expected.fingerprint, encoding);
    assert.deepEqual(update, expected.update);
    // Which of several faults comes first depends on the order of members, which no fingerprint has.
    assert.equal(rejection === undefined, expected.rejection === undefined);
  }
}

const digits = (text: string) => new LosslessNumber(text);
const number = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    1,
    -1,
    1e15,
    2 ** 53,
    2 ** 63,
    -(2 ** 63),
    1e19,
    1e21,
    5e-324,
    1.7976931348623157e308,
  ),
  fc.constantFrom("9007199254740993", "-9223372036854775808", "9223372036854775807").map(digits),
  fc
    .constantFrom("9223372036854775808", "18446744073709551615", "0.30000000000000000001", "1e400")
    .map(digits),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }).map((some) => some.toWellFormed()),
  fc.constantFrom("1", "null", "[1]", "AP8=", "\u0000", "😀", "ÿ"),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    number,
    text,
    fc.constantFrom(null, true, false),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(text, fc.constant("__proto__")), tie("json"), { maxKeys: 3 }),
  ),
}));
const column = fc.oneof(fc.constantFrom("id", "amount", "meta", "email", "__proto__", "changes"), text);
const group = fc.dictionary(column, json, { maxKeys: 4 });
const change = fc.record(
  {
    table: fc.oneof(fc.constantFrom("ledger", "notes"), text),
    op: fc.constantFrom("insert", "update", "upsert", "delete"),
    key: group,
    set: group,
    add: group,
    expect: group,
  },
  { requiredKeys: ["table", "op"] },
);
const update = fc.oneof(change, fc.record({ changes: fc.array(change, { maxLength: 3 }) }));

describe("an update in Avro", () => {
  test("has the fingerprint and the changes of its plain JSON, in both encodings", () => {
    fc.assert(
      fc.property(update, (value) => meansTheSame(canonicalJson(value))),
      { numRuns: 600 },
    );
  });

  test("keeps every digit of what a table takes", () => {
    const set = `{"amount":0.123456789012345678901234567891,"even":-2,"email":null,"meta":{"n":[18446744073709551615,1.5,"1"]}}`;
    const plain = `{"table":"ledger","op":"upsert","key":{"id":18446744073709551615},"set":${set}}`;
    meansTheSame(plain);
    meansTheSame(`{"changes":[${plain}]}`);
    meansTheSame(`{"changes":[${plain},{"table":"notes","op":"delete","key":{"id":"9007199254740993"}}]}`);
    assert.equal(decode(avroMessage(plain, "BINARY")).rejection, undefined);
  });

  test("has the bytes that the specification says", () => {
    const binary = (id: string) =>
      encodeAvro(Buffer.from(`{"table":"t","op":"delete","key":{"a":${id}}}`), "BINARY").toString("hex");
    // alone, one change, "t", delete, a map of one member, "a", a long in zig-zag; the ends of map and groups and list
    const around = (long: string) => `01020274060202026104${long}0000000000`;
    assert.equal(binary("-1"), around("01"));
    assert.equal(binary("64"), around("8001"));
    assert.equal(binary("9223372036854775807"), around("feffffffffffffffff01"));
    assert.equal(binary("-9223372036854775808"), around("ffffffffffffffffff01"));
  });

  test("is what the library reads and writes", () => {
    const double = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((some) => !Number.isInteger(some) || Math.abs(some) < 2 ** 52 || Math.abs(some) >= 2 ** 64);
    // The library's reader loses a member of this name.
    const plain = fc.dictionary(
      column.filter((name) => name !== "__proto__"),
      fc.oneof(fc.integer(), double, text),
    );
    fc.assert(
      fc.property(plain, text, (set, table) => {
        const data = Buffer.from(canonicalJson({ table, op: "insert", set }));
        const binary = encodeAvro(data, "BINARY");
        const read = library.fromBuffer(binary);
        const asJson = library.fromString(encodeAvro(data, "JSON").toString());
        assert.deepEqual(read, asJson);
        const again = decode(message(library.toBuffer(read), attributesOf("BINARY")));
        assert.deepEqual(again.fingerprint, decode(message(data)).fingerprint);
      }),
      { numRuns: 300 },
    );
  });

  test("of a CloudEvent is the update in it", () => {
    const data = { table: "notes", op: "delete", key: { id: 7 } };
    const event = { specversion: "1.0", id: "1", source: "/s", type: "t", data };
    const sent = avroMessage(JSON.stringify(event), "JSON");
    assert.deepEqual(decode(sent).fingerprint, decode(message(event)).fingerprint);
    assert.equal(decode(sent).rejection, undefined);
  });

  test("says the same in bytes as in Base64", () => {
    const bytes = Buffer.from([0, 255, 39, 92, 10]);
    const written = (value: unknown) => ({
      alone: true,
      changes: [
        { table: "notes", op: "insert", key: null, set: { map: { body: value } }, add: null, expect: null },
      ],
    });
    const plain = { table: "notes", op: "insert", set: { body: bytes.toString("base64") } };
    const binary = message(library.toBuffer(written({ bytes })), attributesOf("BINARY"));
    for (const one of [avroJson(written({ bytes: bytes.toString("latin1") })), binary]) {
      assert.deepEqual(decode(one).fingerprint, decode(message(plain)).fingerprint);
      assert.equal(decode(one).update?.changes[0]?.set["body"], bytes.toString("base64"));
    }
  });

  test("may come in blocks with their sizes, as writers of streams make them", () => {
    const plain = encodeAvro(
      Buffer.from('{"changes":[{"table":"notes","op":"delete","key":{"id":7}}]}'),
      "BINARY",
    );
    // After the flag: a count of 1, the change, the end; the same as a count of -1 and the block's size.
    const block = plain.subarray(2, -1);
    const sized = Buffer.concat([
      plain.subarray(0, 1),
      Buffer.from([1, block.length * 2]),
      block,
      Buffer.from([0]),
    ]);
    assert.equal(plain[1], 2);
    assert.deepEqual(changesOf(sized, attributesOf("BINARY")), changesOf(plain, attributesOf("BINARY")));
  });

  test("that is none can't be encoded, and says why", () => {
    for (const plain of [
      "null",
      "[]",
      '{"changes":1}',
      '{"table":"t"}',
      '{"table":"t","op":"insert","sets":{}}',
      "{",
    ]) {
      assert.throws(() => encodeAvro(Buffer.from(plain), "JSON"), /^Error: cannot be encoded as Avro: /);
    }
    assert.throws(
      () => encodeAvro(Buffer.from('{"table":"t","op":"insert","set":[]}'), "BINARY"),
      /no JSON object/,
    );
  });
});

describe("data that is no Avro of the schema", () => {
  const whole = (set: unknown, more = {}) => ({
    alone: true,
    changes: [{ table: "notes", op: "insert", key: null, set, add: null, expect: null, ...more }],
  });
  const body = (value: unknown) => whole({ map: { body: value } });

  test("is malformed, with the place in it", () => {
    const cases: [value: unknown, sentence: RegExp][] = [
      [[], /the whole is no object/],
      [{ changes: [] }, /the whole lacks the member alone; Avro JSON has all of them/],
      [{ alone: true, changes: [] }, /alone is true, but there are 0 changes/],
      [{ alone: 1, changes: [] }, /\/alone is no boolean/],
      [{ alone: false, changes: {} }, /\/changes is no array/],
      [{ ...body(null), more: 1 }, /\/more is no member of the schema/],
      [{ table: "notes", op: "insert", set: { body: "plain JSON" } }, /lacks the member alone/],
      [whole(null, { op: "merge" }), /\/changes\/0\/op is none of insert/],
      [whole(null, { table: 1 }), /\/changes\/0\/table is no text/],
      [whole(null, { sets: null }), /\/changes\/0\/sets is no member/],
      [whole({ body: "x" }), /\/changes\/0\/set is neither null nor \{"map": \{…\}\}/],
      [whole({ map: [] }), /\/changes\/0\/set is neither null nor/],
      [body("x"), /\/changes\/0\/set\/body names no branch of its union/],
      [body({ string: "x", long: 1 }), /names no branch/],
      [body({ Json: { text: "1" } }), /has the branch "Json", which the schema has not/],
      [body({ long: 1.5 }), /is no integer of 64 bits/],
      [body({ long: 2 ** 63 }), /is no integer of 64 bits/],
      [body({ double: "NaN" }), /is no finite double/],
      [body({ boolean: 1 }), /is no boolean/],
      [body({ string: null }), /is no text/],
      [body({ bytes: "Ā" }), /is no bytes: a character is above U\+00FF/],
      [body({ "rowpost.Json": { text: "1", x: 1 } }), /\/x is no member of the schema/],
      [body({ "rowpost.Json": { text: "{" } }), /JSON text of .*\/body is refused: The data is not JSON/],
    ];
    for (const [value, sentence] of cases) {
      const { code, message: told } = rejectionOf(JSON.stringify(value), attributesOf("JSON"));
      assert.equal(code, "malformed", told);
      assert.match(told, sentence);
    }
    assert.match(rejectionOf("{", attributesOf("JSON")).message, /not JSON/);
  });

  test("is malformed in binary, wherever it ends or changes, and never takes memory for what it only promises", () => {
    const plain =
      '{"table":"ledger","op":"upsert","key":{"id":7},"set":{"amount":1.5,"meta":[1],"email":"é","even":null}}';
    const good = encodeAvro(Buffer.from(plain), "BINARY");
    for (let end = 0; end < good.length; end += 1) {
      assert.equal(rejectionOf(good.subarray(0, end), attributesOf("BINARY")).code, "malformed");
    }
    const trailing = rejectionOf(Buffer.concat([good, Buffer.from([0, 0])]), attributesOf("BINARY"));
    assert.match(trailing.message, /what ends at byte \d+ is the update, but 2 bytes follow\.$/);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        const { rejection } = decode(message(changed, attributesOf("BINARY")));
        assert.ok((rejection?.message.length ?? 0) < 600);
      }),
      { numRuns: 500 },
    );
    const huge = Buffer.from([0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    assert.match(rejectionOf(huge, attributesOf("BINARY")).message, /has more items than bytes/);
    const text = Buffer.from([0, 2, 4, 0xc3, 0x28, 0, 0, 0, 0, 0, 0]);
    assert.match(rejectionOf(text, attributesOf("BINARY")).message, /is a text that is not UTF-8/);
    const infinite = Buffer.from([0, 2, 0, 0, 0, 2, 2, 0, 6, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0, 0, 0, 0]);
    assert.match(rejectionOf(infinite, attributesOf("BINARY")).message, /is Infinity, which no column holds/);
  });

  test("is refused by name when its encoding is another", () => {
    const { code, rule, message: told } = rejectionOf("{}", attributesOf("PROTO"));
    assert.deepEqual([code, rule], ["malformed", "schema_encoding"]);
    assert.match(told, /^The schema encoding "PROTO" is not read here/);
  });

  test("has the fingerprint of its bytes", () => {
    const bytes = Buffer.from([1, 2, 3]);
    assert.deepEqual(
      decode(message(bytes, attributesOf("BINARY"))).fingerprint,
      decode(message(bytes)).fingerprint,
    );
  });

  test("is invalid where plain JSON would be: a column twice, a half character", () => {
    const twice =
      '{"alone":true,"changes":[{"table":"notes","op":"insert","key":null,"set":{"map":{"body":null,"body":null}},"add":null,"expect":null}]}';
    assert.equal(rejectionOf(twice, attributesOf("JSON")).rule, "duplicate_member");
    const binary = Buffer.from([1, 2, 0, 0, 0, 2, 4, 2, 97, 0, 2, 97, 0, 0, 0, 0, 0]);
    const { code, rule } = rejectionOf(binary, attributesOf("BINARY"));
    assert.deepEqual([code, rule], ["invalid", "duplicate_member"]);
    const half = body({ "rowpost.Json": { text: '"\\ud800"' } });
    assert.equal(rejectionOf(JSON.stringify(half), attributesOf("JSON")).rule, "well_formed");
  });
});

describe("limits", () => {
  const small = createDecoder(sampleRegistry, { changes: 100, dataBytes: 300, depth: 6 });
  const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const lone = (value: string) => `{"table":"notes","op":"insert","set":{"body":${value}}}`;

  test("are those of the plain JSON: bytes and nesting", () => {
    for (const plain of [
      lone(nested(4)),
      lone(nested(5)),
      `{"changes":[${lone(nested(2))}]}`,
      `{"changes":[${lone(nested(3))}]}`,
      lone(`"${"x".repeat(300 - lone('""').length)}"`),
      lone(`"${"x".repeat(301 - lone('""').length)}"`),
      lone(`"${"x".repeat(10_000)}"`),
    ]) {
      const expected = small(message(plain)).rejection;
      for (const encoding of AVRO_ENCODINGS) {
        const { rejection } = small(avroMessage(plain, encoding));
        assert.deepEqual(
          [rejection?.code, rejection?.rule],
          [expected?.code, expected?.rule],
          `${encoding} ${plain}`,
        );
      }
    }
  });

  test("refuse binary data before more is built of it than an update may have", () => {
    const empty = (count: number) =>
      `{"changes":[${Array(count).fill('{"op":"insert","table":""}').join(",")}]}`;
    const fitting = empty(10);
    const exact = createDecoder(sampleRegistry, { changes: 100, dataBytes: fitting.length, depth: 6 });
    assert.equal(exact(avroMessage(fitting, "BINARY")).rejection?.code, "unknown_table");
    const { rejection } = small(avroMessage(empty(500), "BINARY"));
    assert.equal(rejection?.rule, "max_bytes");
    assert.match(rejection.message, /has more than 300 bytes as plain JSON/);
    const columns = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [String(n), null]));
    const wide = JSON.stringify({ table: "", op: "insert", set: columns });
    assert.match(small(avroMessage(wide, "BINARY")).rejection?.message ?? "", /has more than 300 bytes/);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { xoshiro128 } from "../../../src/local/broker/random.ts";
import { canonicalJson } from "../../../src/tables/canonical-json.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";
import { parseJson } from "../../../src/tables/parse-json.ts";
import { columnOf, lossless, read } from "./column-of.ts";

const column = columnOf(p.json());

test("members are sorted by UTF-16 code units, whatever their number", () => {
  // the example of RFC 8785 section 3.2.3
  const names = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
  const object = Object.fromEntries(names.map((name, at) => [name, at]));
  assert.deepEqual(
    Object.keys(JSON.parse(canonicalJson(object))).toSorted((a, b) => (a < b ? -1 : 1)),
    ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"],
  );
  assert.equal(canonicalJson(object), '{"\\r":1,"1":3,"\u0080":5,"ö":6,"€":0,"😀":4,"\ufb33":2}');
  assert.equal(canonicalJson({ 10: 1, 9: 2, a: 3, "": 4 }), '{"":4,"10":1,"9":2,"a":3}');
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`n${(at * 7) % 40}`, at]));
  const sorted = Object.keys(many).toSorted();
  assert.deepEqual(
    [...canonicalJson(many).matchAll(/"(n\d+)"/g)].map((match) => match[1]),
    sorted,
  );
});

test("an object is sorted right however many others have been met, and whatever its members held then", () => {
  const random = xoshiro128(5);
  const name = () => `m${Math.floor(random() * 12)}`;
  const values = [1, 1.5, "x", null, true, [2], { b: 1, a: 2 }];
  for (let n = 0; n < 4_000; n += 1) {
    const names = [...new Set(Array.from({ length: 2 + (n % 9) }, name))];
    const members = names.map((one) => [one, values[Math.floor(random() * values.length)]] as const);
    const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const text = sorted.map(
      ([one, value]) => `"${one}":${value === values[6] ? '{"a":2,"b":1}' : JSON.stringify(value)}`,
    );
    assert.equal(canonicalJson(Object.fromEntries(members)), `{${text.join(",")}}`);
  }
  const many = Array.from({ length: 200 }, (_, i) => `z${(i * 7) % 200}`);
  const large = Object.fromEntries(many.map((one, i) => [one, i]));
  assert.equal(canonicalJson(large), JSON.stringify(Object.fromEntries(Object.entries(large).sort())));
});

test("objects that begin alike and go on differently are each sorted", () => {
  const objects: [string, string][] = [
    ['{"c":1,"b":2,"a":3}', '{"a":3,"b":2,"c":1}'],
    ['{"c":4,"b":5,"a":6}', '{"a":6,"b":5,"c":4}'],
    ['{"c":1,"a":2,"b":3}', '{"a":2,"b":3,"c":1}'],
    ['{"c":1,"b":2,"z":3}', '{"b":2,"c":1,"z":3}'],
    ['{"c":1,"y":2,"a":3}', '{"a":3,"c":1,"y":2}'],
    ['{"c":1,"b":2}', '{"b":2,"c":1}'],
    ['{"c":1,"b":2,"a":3,"aa":4}', '{"a":3,"aa":4,"b":2,"c":1}'],
    [
      '{"c":{"c":1,"b":2},"b":[{"c":1,"a":[{"z":1,"y":2}]}]}',
      '{"b":[{"a":[{"y":2,"z":1}],"c":1}],"c":{"b":2,"c":1}}',
    ],
    ['{"a":{"c":1,"b":2},"b":3}', '{"a":{"b":2,"c":1},"b":3}'],
  ];
  for (const [written, canonical] of [...objects, ...objects.toReversed()]) {
    assert.equal(canonicalJson(JSON.parse(written)), canonical);
  }
});

test("numbers are printed as ECMAScript does (RFC 8785 appendix B)", () => {
  const samples: [string, string][] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["41b3de4355555557", "333333333.33333343"],
  ];
  for (const [bits, expected] of samples) {
    const value = Buffer.from(bits, "hex").readDoubleBE();
    assert.equal(canonicalJson(value), expected);
  }
});

test("equal numbers print the same, however they were written", () => {
  const spellings = [
    "5",
    "5.0",
    "5e0",
    "0.5e1",
    "50e-1",
    "5.0000000000000000000000000000",
    "0.00000000000000000005e20",
  ];
  for (const text of spellings) {
    assert.equal(canonicalJson(parseJson(text)), "5", text);
    assert.equal(canonicalJson(lossless(text)), "5", text);
  }
  for (const text of ["1e21", "1000000000000000000000", "1000000000000000000000.000000"]) {
    assert.equal(canonicalJson(lossless(text)), "1e+21", text);
  }
  assert.equal(canonicalJson(lossless("-0.000000000000000000000")), "0");
});

test("a number that a double does not hold keeps its digits", () => {
  for (const text of ["9007199254740993", "18446744073709551615", `-${"9".repeat(35)}.${"9".repeat(30)}`]) {
    const value = parseJson(text);
    assert.ok(value instanceof LosslessNumber, text);
    assert.equal(canonicalJson(value), text);
  }
  assert.equal(canonicalJson(lossless("1234567890123456789.5000")), "1234567890123456789.5");
  assert.equal(canonicalJson(lossless("12345678901234567.891e3")), "12345678901234567891");
  assert.equal(canonicalJson(9007199254740993n), "9007199254740993");
});

test("a number with a giant exponent is not expanded", () => {
  assert.equal(canonicalJson(lossless("1.50e999999999")), "15e999999998");
  assert.equal(canonicalJson(lossless("-1e-999999999")), "-1e-999999999");
  // Exponents that a double rounds, prints with an exponent of its own, or takes for infinite.
  assert.equal(canonicalJson(lossless("0.10e9007199254740994")), "1e9007199254740993");
  assert.equal(canonicalJson(lossless("1.0e+1000000000000000000000")), "1e1000000000000000000000");
  assert.equal(canonicalJson(lossless(`-1e-${"9".repeat(400)}`)), `-1e-${"9".repeat(400)}`);
});

test("members that JavaScript has a use for are plain data", () => {
  const text = '{"__proto__":{"a":1},"constructor":2,"toString":3}';
  const value = parseJson(text);
  assert.equal(canonicalJson(value), text);
  assert.equal(read(column, value), text);
});

test("strings are quoted as JSON.stringify does", () => {
  const units = fc.array(fc.oneof(fc.integer({ min: 0, max: 0x80 }), fc.integer({ min: 0, max: 0xffff })));
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      assert.equal(canonicalJson(text), JSON.stringify(text));
    }),
  );
  const controls = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code));
  for (const text of [...controls, "\u2028\u2029", "\ud800", "\udbff", "\udc00\ud800", "\udfff"]) {
    assert.equal(canonicalJson(text), JSON.stringify(text));
  }
});

test("canonical JSON is JSON of the same value, and the same for every order of members", () => {
  const shuffle = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(shuffle);
    }
    return typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([name, member]) => [name, shuffle(member)]),
        )
      : value;
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.equal(canonicalJson(shuffle(JSON.parse(JSON.stringify(value)))), text);
      assert.equal(canonicalJson(parseJson(JSON.stringify(value, null, 1))), text);
    }),
  );
});

test("JSON is read without losing a digit", () => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,25})?([eE][+-]?\d{1,3})?$/);
  fc.assert(
    fc.property(digits, (text) => {
      const value = parseJson(`{"n":[${text}]}`) as { n: unknown[] };
      const same = canonicalJson(lossless(text));
      assert.equal(canonicalJson(value.n[0]), same);
      if (!(value.n[0] instanceof LosslessNumber)) {
        assert.equal(canonicalJson(lossless(String(value.n[0]))), same);
      }
    }),
  );
});

test("a JSON column takes any JSON value; null stands for SQL NULL", () => {
  assert.equal(column.kind, "json");
  assert.equal(read(column, { b: [1, { d: null, c: 1.5 }], a: "é" }), '{"a":"é","b":[1,{"c":1.5,"d":null}]}');
  assert.equal(read(column, "x"), '"x"');
  assert.equal(read(column, lossless("9007199254740993")), "9007199254740993");
  assert.equal(read(column, [lossless("9007199254740993")]), "[9007199254740993]");
  assert.equal(read(column, null), "rule: not_null");
  assert.equal(read(columnOf(p.json().nullable()), null), null);
});

test("a JSON column refuses what MySQL's JSON can't keep", () => {
  assert.equal(read(column, { a: "\ud800" }), "rule: unicode");
  assert.equal(read(column, { "\ud800": 1 }), "rule: unicode");
  assert.equal(read(column, [lossless("9".repeat(65))]), `[${"9".repeat(65)}]`);
  assert.equal(read(column, [lossless("9".repeat(66))]), "rule: json_number");
  assert.equal(read(column, lossless(`0.1234567890123456789012345678901`)), "rule: json_number");
  assert.equal(read(column, lossless("1e400")), "rule: json_number");
  assert.equal(read(column, lossless("1e-400")), "rule: json_number");
  assert.equal(read(column, lossless(`1${"0".repeat(300)}`)), "1e+300");
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  assert.equal(read(column, deep(100)), `${"[".repeat(100)}1${"]".repeat(100)}`);
  assert.equal(read(column, deep(101)), "rule: depth");
  assert.equal(read(column, deep(2000)), "rule: depth");
});

test("what the server prints of a JSON document is brought to the canonical text", () => {
  const printed = '{"a": [1, 2.0, {"c": 18446744073709551615}], "B": 1.10, "e": 1e21}';
  assert.equal(column.fromDatabase(printed), '{"B":1.1,"a":[1,2,{"c":18446744073709551615}],"e":1e+21}');
  assert.equal(column.fromDatabase("null"), "null");
  assert.equal(column.fromDatabase("not json"), "not json");
  assert.equal(column.fromDatabase(null), null);
});

/** The canonical text as RFC 8785 defines it, member by member. */
function spelledOut(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spelledOut).join(",")}]`;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${spelledOut(member)}`).join(",")}}`;
}

test("whatever the value, its text is the one that its members' own texts make", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "toJSON", "10", "9", "-1", "constructor", ""),
  );
  const leaf = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("list"), tie("object")),
    list: fc.array(tie("value"), { maxLength: 4 }),
    object: fc.dictionary(name, tie("value"), { maxKeys: 20, noNullPrototype: false }),
  }));
  fc.assert(
    fc.property(value, (one) => {
      assert.equal(canonicalJson(one), spelledOut(one));
    }),
    { numRuns: 2_000 },
  );
});

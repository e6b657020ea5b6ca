import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../../../src/messages/parse-json.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";

const LIMITS = { dataBytes: 1024 * 1024, depth: 64 };
const read = (text: string | Buffer) => parseJson(Buffer.from(text), LIMITS);
const fault = (text: string | Buffer) => {
  const { code, rule, pointer, message } = read(text).fault ?? assert.fail("no fault");
  assert.ok(message.length < 250, message);
  return { code, rule, pointer, message };
};

describe("numbers", () => {
  test("a number that a double keeps is a plain number, however it is written", () => {
    for (const text of [
      "0",
      "-0",
      "0.1",
      "1e23",
      "1.0",
      "9007199254740992",
      "1E400".replace("400", "3"),
      "0e999",
      "0.000e-999",
    ]) {
      assert.equal(read(text).value, JSON.parse(text), text);
    }
  });

  test("a number that a double loses keeps its text", () => {
    const lost = [
      "9007199254740993",
      "-9223372036854775808",
      "18446744073709551615",
      "0.1000000000000000055",
      "1e400",
      "-1e-400",
    ];
    for (const text of lost) {
      for (const nested of [text, `[${text}]`, `{"a": {"b":[ 1,${text} ]}}`]) {
        assert.match(
          JSON.stringify(read(nested).value),
          new RegExp(`\\{"text":"${text.replace("+", "\\+")}"\\}`),
        );
      }
    }
  });

  test("any JSON number keeps its decimal value", () => {
    const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,40})$/);
    const number = fc.tuple(
      fc.boolean(),
      digits,
      fc.option(fc.stringMatching(/^[0-9]{1,40}$/)),
      fc.option(fc.integer({ min: -400, max: 400 })),
    );
    fc.assert(
      fc.property(number, ([minus, whole, fraction, exponent]) => {
        const text = `${minus ? "-" : ""}${whole}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`;
        const value = read(`{"n":${text},"s":"${text}"}`).value as { n: number | LosslessNumber };
        const kept = value.n instanceof LosslessNumber ? value.n.text : String(value.n);
        assert.deepEqual(decimal(kept), decimal(text));
        assert.equal(value.n instanceof LosslessNumber, typeof value.n !== "number");
      }),
    );
  });

  test("a text of digits is no reason to touch numbers", () => {
    assert.deepEqual(read('{"id":"9223372036854775807","n":7}').value, { id: "9223372036854775807", n: 7 });
  });
});

describe("data that is no JSON", () => {
  test("bytes that are not UTF-8 are malformed", () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xfe, 0xff, 0, 0x7b],
    ]) {
      assert.equal(fault(Buffer.from(bytes)).rule, "utf8");
    }
  });

  test("a byte order mark is skipped, once", () => {
    assert.deepEqual(read("\ufeff[1]").value, [1]);
    assert.equal(fault("\ufeff\ufeff[1]").rule, "syntax");
  });

  test("no bytes, or a byte order mark only, are malformed", () => {
    assert.equal(fault("").rule, "empty");
    assert.equal(fault("\ufeff").rule, "empty");
    assert.equal(fault("  ").rule, "syntax");
  });

  test("the sentence says line and column of a syntax error", () => {
    const cases: [string, string][] = [
      ['{"a":}', "line 1, column 6"],
      ['{"a":1,\n "b":nux}', "line 2, column 8"],
      ['{"a":1', "line 1, column 7"],
      ["tru", "line 1, column 4"],
      ["x", "line 1, column 1"],
      [`{"long":"${"x".repeat(5000)}",\n\n  "b": 'c'}`, "line 3, column 8"],
      ['{"a":1,}', "line 1, column 8"],
      ["[1] 2", "line 1, column 5"],
      ["NaN", "line 1, column 1"],
      ["[Infinity]", "line 1, column 2"],
      ['["\u0007"]', "line 1, column 3"],
    ];
    for (const [text, where] of cases) {
      const { code, rule, message } = fault(text);
      assert.deepEqual([code, rule], ["malformed", "syntax"]);
      assert.ok(message.endsWith(`at ${where}.`), `${text}: ${message}`);
    }
  });
});

describe("limits", () => {
  test("data beyond the size limit is too large, at the limit it is not", () => {
    const text = JSON.stringify("x".repeat(100));
    assert.ok(parseJson(Buffer.from(text), { dataBytes: 102, depth: 1 }).fault === undefined);
    const { fault } = parseJson(Buffer.from(text), { dataBytes: 101, depth: 1 });
    assert.deepEqual([fault?.code, fault?.rule], ["too_large", "max_bytes"]);
  });

  test("nesting beyond the depth limit is too large, at the limit it is not", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    assert.equal(read(nested(64)).fault, undefined);
    assert.equal(fault(nested(65)).rule, "max_depth");
    assert.equal(read(JSON.stringify("[".repeat(1000))).fault, undefined);
    assert.equal(read(JSON.stringify(`\\"${"[".repeat(1000)}`)).fault, undefined);
  });

  test("a mebibyte of brackets is refused without overflowing the stack", () => {
    for (const text of ["[".repeat(1 << 20), '{"a":'.repeat(1 << 17), "{".repeat(1 << 20)]) {
      assert.equal(fault(text).code, "too_large");
    }
  });

  test("a mebibyte of one long thing is read in linear time", () => {
    const started = performance.now();
    const long = 1_000_000;
    const texts = [
      "1".repeat(long),
      `0.${"0".repeat(long)}1`,
      `1${"0".repeat(long)}`,
      `1e${"9".repeat(long)}`,
      JSON.stringify('\\"'.repeat(long / 8)),
      `"${"\\\\".repeat(long / 2)}"`,
      `"${"\\\\".repeat(long / 2)}`,
      `{"a":${" ".repeat(long)}x}`,
      `[${"[],".repeat(long / 4)}1]`,
    ];
    for (const text of texts) {
      read(text);
    }
    assert.ok(performance.now() - started < 2_000);
  });
});

describe("objects", () => {
  test("members named like parts of an object's prototype are data", () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"toString":3,"hasOwnProperty":4}';
    for (const written of [text, text.replace("2", "12345678901234567890")]) {
      const value = read(written).value as Record<string, unknown>;
      assert.deepEqual(Object.keys(value), ["__proto__", "constructor", "toString", "hasOwnProperty"]);
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
      assert.equal("a" in value, false);
    }
  });

  test("two members of one name are refused, with the pointer of the second", () => {
    const cases: [string, string][] = [
      ['{"a":1,"a":1}', "/a"],
      ['{"a":1,"\\u0061":2}', "/a"],
      ['[0,{"k/~":[{},{"x":1,"y":{"z":"}{","z":1}}]}]', "/1/k~1~0/1/y/z"],
      ['{"a":"\\\\","b":"\\"","__proto__":1,"__proto__":2}', "/__proto__"],
      ['{"":1 , "" : 2}', "/"],
      ['{"a":12345678901234567890,"a":1}', "/a"],
    ];
    for (const [text, pointer] of cases) {
      const { code, rule, pointer: found } = fault(text);
      assert.deepEqual([code, rule, found], ["invalid", "duplicate_member", pointer], text);
    }
  });

  test("any value comes back as it was written, and is refused once a member is doubled", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "grapheme", maxDepth: 4 }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(read(text), { value: JSON.parse(text) });
        if (text.startsWith('{"')) {
          const name = Object.keys(value as object)[0];
          assert.equal(fault(`{${JSON.stringify(name)}:{},${text.slice(1)}`).rule, "duplicate_member");
        }
      }),
    );
  });

  test("half a surrogate pair is refused where it stands, whole pairs are not", () => {
    assert.equal(fault('{"a":["x\\ud83d"]}').pointer, "/a/0");
    assert.equal(fault('{"a":{"\\uDC00":1}}').pointer, "/a");
    assert.equal(fault('"\\ud83d\\ud83d\\ude00"').rule, "well_formed");
    assert.equal(read('"\\ud83d\\ude00 \\\\ud83d"').value, "😀 \\ud83d");
  });
});

test("no bytes make it throw, and every fault has a code, a rule and a sentence of bounded size", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "1",
      "e",
      "-",
      ".",
      "\\",
      "u",
      "d800",
      " ",
      "null",
      "\ufeff",
      "99999999999999999",
    ),
  );
  const bytes = fc.oneof(
    fc.uint8Array().map((array) => Buffer.from(array)),
    pieces.map((parts) => Buffer.from(parts.join(""))),
  );
  fc.assert(
    fc.property(bytes, (data) => {
      const { fault } = parseJson(data, LIMITS);
      if (fault !== undefined) {
        assert.match(fault.code, /^(malformed|invalid|too_large)$/);
        assert.match(fault.rule ?? "", /^[a-z0-9_]+$/);
        assert.ok(fault.message.length < 250 && (fault.pointer ?? "").length < 256);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** Sign, integer and power of ten of a JSON number, in lowest terms. */
function decimal(text: string): [bigint, number] {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)\.?(\d*)e?(.*)$/.exec(text) ?? [];
  let digits = BigInt(sign + whole + fraction);
  let power = Number(exponent || "0") - fraction.length;
  if (digits === 0n) {
    return [0n, 0];
  }
  while (digits % 10n === 0n) {
    digits /= 10n;
    power += 1;
  }
  return [digits, power];
}

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createDecoder } from "../../../src/messages/decode.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { decode, LIMITS, message } from "./sample-tables.ts";

const print = (data: string | Buffer | object, attributes: Record<string, string> = {}) =>
  decode(message(data, attributes)).fingerprint;
const sha256 = (data: string | Buffer) => hash("sha256", data, "hex");
const EVENT = { specversion: "1.0", id: "1", source: "/shop", type: "t" };

/** The same value in another order of members and with other spaces. */
function shuffled(value: unknown, seed: number): string {
  const space = " \n\t\r".charAt(seed % 4).repeat(seed % 3);
  if (Array.isArray(value)) {
    return `[${value.map((item) => space + shuffled(item, seed + 1)).join(`${space},`)}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}${space}:${shuffled(item, seed + 1)}`,
    );
    return `{${space}${(seed % 2 === 0 ? members.reverse() : members).join(`,${space}`)}}`;
  }
  return JSON.stringify(value);
}

describe("the fingerprint", () => {
  test("is the SHA-256 of the canonical JSON of the list of changes", () => {
    assert.equal(
      print('{"table":"t", "op":"delete","key":{"b":1.0,"a":"é"}}'),
      sha256('{"changes":[{"key":{"a":"é","b":1},"op":"delete","table":"t"}]}'),
    );
    assert.equal(
      print('{"n":[9007199254740993,1e2,-0,1E400]}'),
      sha256('{"changes":[{"n":[9007199254740993,100,0,1' + "0".repeat(400) + "]}]}"),
    );
  });

  test("is the same in any order of members, with any spaces, in any envelope", () => {
    const change = fc.dictionary(
      fc.string({ maxLength: 8 }).filter((name) => name !== "changes" && name !== "specversion"),
      fc.jsonValue({ maxDepth: 3 }),
      { maxKeys: 6 },
    );
    fc.assert(
      fc.property(change, fc.nat(100), (value, seed) => {
        const alone = print(value);
        const base64 = Buffer.from(JSON.stringify(value)).toString("base64");
        assert.equal(print(shuffled(value, seed)), alone);
        assert.equal(print(`{"changes":[${shuffled(value, seed)}]}`), alone);
        assert.equal(print(`\ufeff${JSON.stringify(value)}`), alone);
        assert.equal(print({ ...EVENT, time: "2020", data: value }), alone);
        assert.equal(print({ ...EVENT, data: { changes: [value] } }), alone);
        assert.equal(print({ ...EVENT, data_base64: base64 }), alone);
        assert.equal(
          print(value, { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t" }),
          alone,
        );
        assert.notEqual(print({ changes: [value, value] }), alone);
      }),
    );
  });

  test("is the same for every spelling of a number, and another for another number", () => {
    const same = [
      ["1", "1.0", "1e0", "10E-1", "0.1e+1", "1.0000000000000000000000"],
      ["9007199254740993", "9007199254740993.0", "9.007199254740993e15", "900719925474099300e-2"],
      ["0.1000000000000000055511151231257827", "1.000000000000000055511151231257827e-1"],
      ["0", "-0", "0.0", "0e5", "-0.000e-99"],
      ["9007199254740992"],
      ["9007199254740994"],
      ["0.1"],
    ];
    const prints = same.map((spellings) => new Set(spellings.map((text) => print(`{"n":${text}}`))));
    assert.deepEqual(
      prints.map(({ size }) => size),
      same.map(() => 1),
    );
    assert.equal(new Set(prints.flatMap((set) => [...set])).size, same.length);
    assert.notEqual(print({ n: 1 }), print({ n: "1" }));
  });

  test("does not depend on table definitions or limits, only on what was written", () => {
    const strange = createDecoder(registryOf([]), { ...LIMITS, changes: 1 });
    const data = {
      changes: [
        { table: "ledger", op: "delete", key: { id: 1 } },
        { table: "ledger", op: "delete", key: { id: 2 } },
      ],
    };
    assert.equal(strange(message(data)).fingerprint, print(data));
  });

  test("of JSON that is no update is that of its canonical JSON", () => {
    for (const text of ["null", "[1,2]", '"x"', '{"changes":7}', '{"changes":[],"x":1}']) {
      assert.equal(print(` ${text}`), sha256(text));
    }
  });

  test("of data that canonical JSON can't write is that of the bytes", () => {
    const invalid = [
      Buffer.from([0xff]),
      Buffer.from('{"a":'),
      Buffer.from(""),
      Buffer.from('{"a":1,"a":1}'),
      Buffer.from('"\\ud800"'),
      Buffer.from("[".repeat(100)),
      Buffer.alloc(LIMITS.dataBytes + 1, 32),
    ];
    for (const data of invalid) {
      assert.equal(print(data), sha256(data));
    }
    const event = { ...EVENT, data_base64: Buffer.from("{").toString("base64") };
    assert.equal(print(event), sha256("{"));
    const attributes = { CloudPubSubDeadLetterSourceDeliveryCount: "5" };
    assert.equal(print("{ }", attributes), sha256("{ }"));
  });
});

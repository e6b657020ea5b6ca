import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeAvro } from "../../../src/messages/avro-encode.ts";
import { AVRO_ENCODINGS } from "../../../src/messages/avro-schema.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { createEncoder } from "../../../src/messages/encode.ts";
import { parseJson } from "../../../src/messages/parse-json.ts";
import type { Message } from "../../../src/messages/update.ts";
import { registry, registryOf } from "../../../src/tables/registry.ts";
import { anyTree } from "../../support/fuzz/column-values.ts";
import { everyKind, journal } from "../../support/fuzz/every-kind.ts";
import { assertHolds } from "../../support/fuzz/fuzz-runs.ts";
import { Digits, memberOf, Members, printTree, type Tree } from "../../support/fuzz/json-tree.ts";
import { meaningOf } from "../../support/fuzz/meaning.ts";
import { treeEdits } from "../../support/fuzz/mutations.ts";
import { spelled } from "../../support/fuzz/spellings.ts";
import { validUpdate } from "../../support/fuzz/table-updates.ts";
import { randomFrom } from "../../support/workload.ts";

const LIMITS = { changes: 100, dataBytes: 1024 * 1024, depth: 200 };
const tables = registryOf([...registry.values(), everyKind, journal]);
const decode = createDecoder(tables, LIMITS);
const encode = createEncoder(tables, LIMITS);

function print(data: Buffer | string, attributes: Message["attributes"] = {}): string {
  const message = { data: Buffer.from(data), attributes, messageId: "1", publishedAt: new Date(0) };
  return decode(message).fingerprint;
}

const update = validUpdate(tables);
/** How a value is spelled. */
const seed = fc.integer({ min: 1, max: 2_147_483_646 });
const spelledBy = (tree: Tree, by: number) => spelled(tree, randomFrom(by));
/** Trees that would be taken for the envelope of an event are not compared with what is in it. */
const isPlain = (tree: Tree) => memberOf(tree, "specversion") === undefined;

test("however an update is spelled, as JSON, Avro, or read and sent again, its fingerprint is the same", async () => {
  const property = fc.property(update, seed, seed, (tree, one, other) => {
    const text = spelledBy(tree, one);
    const expected = print(text);
    assert.equal(print(spelledBy(tree, other)), expected, text);
    for (const encoding of AVRO_ENCODINGS) {
      const avro = encodeAvro(Buffer.from(text), encoding);
      assert.equal(print(avro, { googclient_schemaencoding: encoding }), expected, `${encoding} of ${text}`);
    }
    const { value } = parseJson(Buffer.from(text), LIMITS);
    assert.ok(value !== undefined);
    assert.equal(encode(value, "k").message?.fingerprint, expected);
  });
  await assertHolds(property, 400);
});

test("any two JSON values have the same fingerprint if they mean the same, and else another", async () => {
  const trees = fc.oneof(update, anyTree());
  const property = fc.property(trees, seed, treeEdits(), (tree, by, edit) => {
    const other = edit(tree);
    const text = spelledBy(tree, by);
    fc.pre(isPlain(tree) && isPlain(other) && isCanonical(tree) && isCanonical(other));
    const same = meaningOf(list(tree)) === meaningOf(list(other));
    assert.equal(print(text) === print(printTree(other)), same, `${text} and ${printTree(other)}`);
  });
  await assertHolds(property, 1_000);
});

test("numbers have the same fingerprint if they are the same, however far their exponents go", async () => {
  const whole = fc.stringMatching(/^-?[1-9][0-9]{0,20}$/);
  const far = fc.tuple(whole, fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.integer({ min: -2, max: 2 }), seed);
  const property = fc.property(far, ([digits, power, more, how]) => {
    const number = new Digits(`${digits}e${power}`);
    const other = new Digits(`${digits}e${power + BigInt(more)}`);
    const text = spelledBy(number, how);
    assert.equal(print(text) === print(printTree(other)), more === 0, `${text} and ${printTree(other)}`);
  });
  await assertHolds(property, 500);
});

/** A change alone means the same as a list of it. */
function list(tree: Tree): Tree {
  return tree instanceof Members && memberOf(tree, "changes") === undefined
    ? new Members([["changes", [tree]]])
    : tree;
}

/** Of data that has no canonical JSON, the bytes are printed. */
function isCanonical(tree: Tree): boolean {
  if (typeof tree === "string") return tree.isWellFormed();
  if (Array.isArray(tree)) return (tree as readonly Tree[]).every(isCanonical);
  if (!(tree instanceof Members)) return true;
  const names = tree.list.map(([name]) => name);
  return (
    new Set(names).size === names.length &&
    tree.list.every(([name, value]) => name.isWellFormed() && isCanonical(value))
  );
}

import assert from "node:assert/strict";
import { plainData } from "../../../src/messages/avro-decode.ts";
import type { Decode } from "../../../src/messages/decode.ts";
import { idempotencyKey } from "../../../src/messages/idempotency-key.ts";
import { REJECTION_CODES, type Rejection } from "../../../src/messages/rejection.ts";
import type { Change, Decoded, Message } from "../../../src/messages/update.ts";
import type { Values } from "../../../src/tables/definition.ts";
import { valueJson } from "../../../src/tables/row-json.ts";
import { memberOf, Members, printTree, type Tree } from "./json-tree.ts";
import { pointsInto } from "./pointers.ts";
import { readTree } from "./read-tree.ts";
import { isSameValue } from "./same-value.ts";

/** Rules of what stands in attributes, where no pointer leads. */
const OF_ATTRIBUTES = ["idempotency_key", "required", "min_length", "specversion"];

/**
 * What must be true of every message that is decoded: a key, a fingerprint, and either an update that has each value as it was
 * sent, to the last digit, or a rejection of the closed list that says where and why. Gives what the decoder gave.
 */
export function assertDecoded(decode: Decode, message: Message): Decoded {
  const decoded = decode(message);
  const { key, fingerprint, update, rejection } = decoded;
  assert.equal(idempotencyKey(key), key);
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  assert.notEqual(update === undefined, rejection === undefined);
  if (update === undefined) {
    for (const one of [decoded.rejection, ...(decoded.each ?? [])]) assertRejection(one, message);
  } else {
    const [document] = documentsOf(message);
    for (const change of update.changes) assertChange(change, at(document, change.pointer));
    assertWrittenBack(decode, update.changes);
  }
  return decoded;
}

function assertRejection(rejection: Rejection, sent: Message): void {
  const { code, rule, pointer, message, table, column } = rejection;
  assert.ok(REJECTION_CODES.includes(code), code);
  assert.match(rule ?? "none", /^[a-z0-9_]{1,64}$/);
  assert.ok(message.length < 700 && /[.?]$/.test(message) && message.isWellFormed(), message);
  // oxlint-disable-next-line no-control-regex -- a terminal would act on these
  assert.doesNotMatch(message, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  assert.ok((table?.length ?? 0) <= 64 && (column?.length ?? 0) <= 64);
  if (code !== "invalid") return;
  assert.notEqual(rule, undefined);
  if (pointer === undefined) assert.ok(withoutPlace(rule, sent.attributes), `${rule} without a pointer`);
  else
    assert.ok(
      documentsOf(sent).some((document) => pointsInto(document, rejection)),
      `${pointer} leads nowhere`,
    );
}

/** Nothing can be pointed at in attributes, nor in Avro that is none. */
function withoutPlace(rule = "", attributes: Message["attributes"]): boolean {
  return OF_ATTRIBUTES.includes(rule) || attributes["googclient_schemaencoding"] !== undefined;
}

/** What pointers may lead into: the message's JSON, of Avro also the plain JSON, of an event also the JSON in its Base64. */
function documentsOf({ data, attributes }: Message): readonly Tree[] {
  const texts = [plainData(data, attributes), data];
  const encoded = memberOf(treeIn(data), "data_base64");
  if (typeof encoded === "string") texts.unshift(Buffer.from(encoded, "base64"));
  return texts.map(treeIn).filter((tree) => tree !== undefined);
}

function treeIn(text: Buffer): Tree | undefined {
  try {
    return readTree(text.toString().replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}

function at(document: Tree | undefined, pointer: string): Tree | undefined {
  let tree = document;
  for (const step of pointer.split("/").slice(1))
    tree = Array.isArray(tree) ? (tree as readonly Tree[])[Number(step)] : memberOf(tree, step);
  return tree;
}

function assertChange(change: Change, sent: Tree | undefined): void {
  assert.equal(change.table.name, memberOf(sent, "table"));
  assert.equal(change.op, memberOf(sent, "op"));
  for (const name of ["key", "set", "add", "expect"] as const) {
    const group = memberOf(sent, name);
    const got = Object.entries(change[name]);
    assert.equal(got.length, group instanceof Members ? group.list.length : 0, `members of ${name}`);
    for (const [column, value] of got) {
      const written = memberOf(group, column);
      const known = change.table.columns.get(column);
      assert.ok(known !== undefined && written !== undefined, column);
      const told = () =>
        `${column} ${known.sqlType}: sent ${printTree(written).slice(0, 300)}, got ${String(value)}`;
      assert.ok(isSameValue(known, written, value), told());
    }
  }
}

/** What is read back from a row, as the API prints it, means the same again. */
function assertWrittenBack(decode: Decode, changes: readonly Change[]): void {
  const texts = changes.map(({ table, op, key, set, add, expect }) => {
    const group = (values: Values) =>
      Object.entries(values).map(([name, value]) => {
        const column = table.columns.get(name);
        return `${JSON.stringify(name)}:${column === undefined ? "" : valueJson(column, value)}`;
      });
    const groups = Object.entries({ key, set, expect }).map(
      ([name, values]) => `"${name}":{${group(values)}}`,
    );
    const sums = Object.entries(add).map(([name, value]) => `${JSON.stringify(name)}:"${String(value)}"`);
    const all = groups.filter((text) => !text.endsWith(":{}"));
    return `{"table":${JSON.stringify(table.name)},"op":"${op}",${[...all, ...(sums.length > 0 ? [`"add":{${sums}}`] : [])]}}`;
  });
  // Alone, a change has two levels more for its values.
  const data = Buffer.from(texts.length === 1 ? String(texts[0]) : `{"changes":[${texts}]}`);
  const again = decode({ data, attributes: {}, messageId: "1", publishedAt: new Date(0) });
  assert.equal(again.rejection?.message, undefined, data.toString());
  const values = ({ op, row, key, set, add, expect }: Change) => ({ op, row, key, set, add, expect });
  assert.deepEqual(again.update?.changes.map(values), changes.map(values));
}

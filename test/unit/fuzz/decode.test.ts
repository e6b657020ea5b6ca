import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodeAvro } from "../../../src/messages/avro-encode.ts";
import { AVRO_ENCODINGS, type AvroEncoding } from "../../../src/messages/avro-schema.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { parseJson } from "../../../src/messages/parse-json.ts";
import type { Message } from "../../../src/messages/update.ts";
import { canonicalJson } from "../../../src/tables/canonical-json.ts";
import { registry, registryOf } from "../../../src/tables/registry.ts";
import { assertDecoded } from "../../support/fuzz/assert-decoded.ts";
import { anyAttributes } from "../../support/fuzz/attributes.ts";
import { anyTree } from "../../support/fuzz/column-values.ts";
import { everyKind, journal } from "../../support/fuzz/every-kind.ts";
import { assertHolds } from "../../support/fuzz/fuzz-runs.ts";
import { Members, printTree, type Tree } from "../../support/fuzz/json-tree.ts";
import { meaningOf } from "../../support/fuzz/meaning.ts";
import { mutatedBytes, mutatedText, mutatedTree } from "../../support/fuzz/mutations.ts";
import { readTree } from "../../support/fuzz/read-tree.ts";
import { validUpdate } from "../../support/fuzz/table-updates.ts";

const LIMITS = { changes: 100, dataBytes: 1024 * 1024, depth: 64 };
const tables = registryOf([...registry.values(), everyKind, journal]);
const decode = createDecoder(tables, LIMITS);

function message(data: Buffer | string, attributes: Message["attributes"] = {}): Message {
  return { data: Buffer.from(data), attributes, messageId: "1234567890", publishedAt: new Date(0) };
}

const update = validUpdate(tables);
const event = (data: Tree, more: Tree = null) =>
  new Members([
    ["specversion", "1.0"],
    ["id", "1"],
    ["source", "/s"],
    ["type", "t"],
    ["data", data],
    ["x", more],
  ]);
const avro = (encoding: string) => ({ googclient_schemaencoding: encoding });

describe("whatever arrives is decoded to an update, digit for digit, or to a rejection that says why", () => {
  test("any bytes, with any attributes", async () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some));
    await assertHolds(
      fc.property(
        bytes,
        anyAttributes(),
        (data, attributes) => void assertDecoded(decode, message(data, attributes)),
      ),
      1_000,
    );
  });

  test("any JSON, with any attributes", async () => {
    await assertHolds(
      fc.property(anyTree(), anyAttributes(), (tree, attributes) => {
        assertDecoded(decode, message(printTree(tree), attributes));
      }),
      500,
    );
  });

  test("updates that their tables take", async () => {
    const property = fc.property(update, (tree) => {
      const { rejection } = assertDecoded(decode, message(printTree(tree)));
      assert.equal(rejection?.message, undefined, printTree(tree));
    });
    await assertHolds(property, 500);
  });

  test("such updates with something wrong in their values, members or bytes", async () => {
    const property = fc.property(mutatedText(update), (data) => void assertDecoded(decode, message(data)));
    await assertHolds(property, 1_500);
  });

  test("CloudEvents with something wrong in them, in structured and in binary mode", async () => {
    const structured = mutatedTree(update.map((tree) => event(tree, "é"))).map((tree) =>
      message(printTree(tree)),
    );
    const encoded = mutatedText(update).map((data) => {
      const list = [...event(null).list.filter(([name]) => name !== "data")];
      return message(printTree(new Members([...list, ["data_base64", data.toString("base64")]])));
    });
    const binary = fc
      .tuple(mutatedText(update), anyAttributes())
      .map(([data, more]) =>
        message(data, { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t", ...more }),
      );
    const any = fc.oneof(structured, encoded, binary);
    await assertHolds(
      fc.property(any, (one) => void assertDecoded(decode, one)),
      750,
    );
  });

  test("Avro with something wrong in it, as JSON and as binary", async () => {
    const encoded = (encoding: AvroEncoding) =>
      update.map((tree) => encodeAvro(Buffer.from(printTree(tree)), encoding));
    const mutated = AVRO_ENCODINGS.map((encoding) =>
      fc
        .oneof(encoded(encoding), mutatedBytes(encoded(encoding)))
        .map((data) => message(data, avro(encoding))),
    );
    const trees = mutatedTree(encoded("JSON").map((data) => readTree(data.toString()))).map((tree) =>
      message(printTree(tree), avro("JSON")),
    );
    await assertHolds(
      fc.property(fc.oneof(...mutated, trees), (one) => void assertDecoded(decode, one)),
      750,
    );
  });
});

test("JSON is what RFC 8259 says, and means what it says", async () => {
  const wide = { dataBytes: LIMITS.dataBytes, depth: 200 };
  const text = mutatedText(fc.oneof(update, anyTree()));
  const property = fc.property(text, (data) => {
    const { value, fault } = parseJson(data, wide);
    const tree = read(data);
    assert.equal(fault?.code === "malformed", tree === undefined, data.toString());
    if (fault !== undefined || tree === undefined) return;
    assert.equal(meaningOf(readTree(canonicalJson(value))), meaningOf(tree));
  });
  await assertHolds(property, 1_500);
});

/** undefined: no JSON in UTF-8. */
function read(data: Buffer): Tree | undefined {
  try {
    return readTree(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    return undefined;
  }
}

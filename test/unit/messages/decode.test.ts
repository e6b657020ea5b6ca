import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDecoder } from "../../../src/messages/decode.ts";
import type { Rejection } from "../../../src/messages/rejection.ts";
import { changesOf, decode, ledger, LIMITS, message, rejectionOf, sampleRegistry } from "./sample-tables.ts";

const CHANGE = { table: "ledger", op: "upsert", key: { id: 1 }, set: { amount: "2.50" } };
const EVENT = { specversion: "1.0", id: "1", source: "/shop", type: "t" };
const STRUCTURED = { "content-type": "application/cloudevents+json; charset=utf-8" };
const BINARY = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "t" };
const brief = ({ code, rule, pointer }: Rejection) => [code, rule, pointer];

describe("an update", () => {
  test("one change alone and a list of changes are both updates, checked against the definition", () => {
    const [alone] = changesOf(CHANGE);
    assert.deepEqual(
      { ...alone, table: undefined },
      {
        table: undefined,
        op: "upsert",
        row: "ledger\u00001",
        key: { id: 1n },
        set: { amount: `2.5${"0".repeat(29)}` },
        add: {},
        expect: {},
        pointer: "",
      },
    );
    assert.equal(alone?.table, ledger);
    const listed = changesOf({ changes: [CHANGE, { ...CHANGE, key: { id: 2 } }] });
    assert.deepEqual(
      listed.map(({ pointer, row }) => [pointer, row]),
      [
        ["/changes/0", "ledger\u00001"],
        ["/changes/1", "ledger\u00002"],
      ],
    );
  });

  test("two changes of one row are two changes, in their order", () => {
    const changes = changesOf({
      changes: [CHANGE, { table: "ledger", op: "update", key: { id: "1" }, add: { amount: 1 } }],
    });
    assert.deepEqual(
      changes.map(({ row, op }) => [row, op]),
      [
        ["ledger\u00001", "upsert"],
        ["ledger\u00001", "update"],
      ],
    );
  });

  test("everything that is no object is no update", () => {
    for (const text of ["null", "1", '"x"', "true", "[]", "12345678901234567890"]) {
      assert.deepEqual(brief(rejectionOf(text)), ["invalid", "type", ""]);
    }
    assert.deepEqual(brief(rejectionOf('{"changes":{}}')), ["invalid", "type", "/changes"]);
    assert.deepEqual(brief(rejectionOf('{"changes":[12345678901234567890]}')), [
      "invalid",
      "type",
      "/changes/0",
    ]);
  });

  test("a list of changes has at least one and at most as many as configured, and stands alone", () => {
    const list = (length: number) => ({
      changes: Array.from({ length }, (_, id) => ({ ...CHANGE, key: { id } })),
    });
    assert.deepEqual(brief(rejectionOf(list(0))), ["invalid", "min_changes", "/changes"]);
    assert.equal(changesOf(list(100)).length, 100);
    assert.deepEqual(brief(rejectionOf(list(101))), ["too_large", "max_changes", "/changes"]);
    assert.deepEqual(brief(rejectionOf({ ...list(1), table: "ledger" })), [
      "invalid",
      "unknown_member",
      "/table",
    ]);
    assert.deepEqual(brief(rejectionOf({ ...list(1), "a/b": 1 })), ["invalid", "unknown_member", "/a~1b"]);
  });
});

describe("a CloudEvent in structured mode", () => {
  test("its data is the update; pointers lead through data", () => {
    for (const attributes of [STRUCTURED, {}, { "content-type": "application/json" }]) {
      assert.equal(changesOf({ ...EVENT, data: CHANGE, extension: 1 }, attributes)[0]?.pointer, "/data");
      assert.equal(
        changesOf({ ...EVENT, data: { changes: [CHANGE] } }, attributes)[0]?.pointer,
        "/data/changes/0",
      );
    }
    assert.equal(
      rejectionOf({ ...EVENT, data: { changes: [{ ...CHANGE, set: { x: 1 } }] } }).pointer,
      "/data/changes/0/set/x",
    );
    assert.equal(rejectionOf({ ...EVENT, data: null }).pointer, "/data");
  });

  test("data_base64 holds the JSON text; pointers count from its root", () => {
    const base64 = (value: object | string) =>
      Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64");
    assert.equal(
      changesOf({ ...EVENT, data_base64: base64({ changes: [CHANGE] }) })[0]?.pointer,
      "/changes/0",
    );
    assert.deepEqual(brief(rejectionOf({ ...EVENT, data_base64: base64("{") })), [
      "malformed",
      "syntax",
      undefined,
    ]);
    assert.deepEqual(brief(rejectionOf({ ...EVENT, data_base64: base64("[".repeat(70)) })), [
      "too_large",
      "max_depth",
      undefined,
    ]);
    for (const wrong of ["%%%", 1, "e30", null]) {
      assert.deepEqual(brief(rejectionOf({ ...EVENT, data_base64: wrong })), [
        "malformed",
        "base64",
        "/data_base64",
      ]);
    }
    assert.deepEqual(brief(rejectionOf({ ...EVENT, data: CHANGE, data_base64: base64(CHANGE) })), [
      "invalid",
      "data",
      "/data_base64",
    ]);
  });

  test("the required context attributes are checked", () => {
    for (const name of ["id", "source", "type"]) {
      const { [name as keyof typeof EVENT]: _, ...without } = { ...EVENT, data: CHANGE };
      assert.deepEqual(brief(rejectionOf(without)), ["invalid", "required", `/${name}`]);
      assert.deepEqual(brief(rejectionOf({ ...EVENT, [name]: "", data: CHANGE })), [
        "invalid",
        "min_length",
        `/${name}`,
      ]);
      assert.deepEqual(brief(rejectionOf({ ...EVENT, [name]: 1, data: CHANGE })), [
        "invalid",
        "type",
        `/${name}`,
      ]);
    }
    assert.deepEqual(brief(rejectionOf({ ...EVENT, specversion: "0.3", data: CHANGE })), [
      "invalid",
      "specversion",
      "/specversion",
    ]);
    assert.deepEqual(brief(rejectionOf({ data: CHANGE }, STRUCTURED)), [
      "invalid",
      "required",
      "/specversion",
    ]);
    assert.deepEqual(brief(rejectionOf(EVENT)), ["invalid", "required", "/data"]);
    assert.deepEqual(brief(rejectionOf({ ...EVENT, type: "" })), ["invalid", "min_length", "/type"]);
    assert.deepEqual(brief(rejectionOf([], STRUCTURED)), ["invalid", "type", ""]);
  });

  test("data of another type than JSON is malformed", () => {
    for (const datacontenttype of ["text/plain", "application/xml", 1, ""]) {
      assert.deepEqual(brief(rejectionOf({ ...EVENT, datacontenttype, data: "x" })), [
        "malformed",
        "content_type",
        "/datacontenttype",
      ]);
    }
    assert.equal(
      changesOf({ ...EVENT, datacontenttype: "application/vnd.shop+json", data: CHANGE }).length,
      1,
    );
  });
});

describe("a CloudEvent in binary mode", () => {
  test("the data is the update", () => {
    assert.equal(changesOf(CHANGE, BINARY)[0]?.pointer, "");
    assert.equal(changesOf(CHANGE, { ...BINARY, "ce-datacontenttype": "application/json" }).length, 1);
    const plain = { ...BINARY, "ce-datacontenttype": "text/plain" };
    assert.deepEqual(brief(rejectionOf(CHANGE, plain)), ["malformed", "content_type", undefined]);
    assert.deepEqual(brief(rejectionOf({ ...CHANGE, specversion: "1.0" }, BINARY)), [
      "invalid",
      "unknown_member",
      "/specversion",
    ]);
  });

  test("its required attributes are checked, and have no pointer", () => {
    for (const name of ["ce-id", "ce-source", "ce-type"] as const) {
      const { [name]: _, ...without } = BINARY;
      assert.deepEqual(brief(rejectionOf(CHANGE, without)), ["invalid", "required", undefined]);
      assert.deepEqual(brief(rejectionOf(CHANGE, { ...BINARY, [name]: "" })), [
        "invalid",
        "min_length",
        undefined,
      ]);
    }
    assert.deepEqual(brief(rejectionOf(CHANGE, { ...BINARY, "ce-specversion": "2.0" })), [
      "invalid",
      "specversion",
      undefined,
    ]);
  });
});

describe("what the attributes declare", () => {
  test("JSON in UTF-8 is read, whatever its name", () => {
    for (const type of [
      "application/json",
      "Application/JSON;Charset=UTF-8",
      'text/json; charset="utf-8"',
      "application/vnd.x.y+json",
    ]) {
      assert.equal(changesOf(CHANGE, { "content-type": type }).length, 1, type);
    }
  });

  test("anything else is malformed, and not looked into", () => {
    for (const type of [
      "",
      "text/plain",
      "avro/binary",
      "application/json; charset=iso-8859-1",
      "application/cloudevents+avro",
      "application/cloudevents-batch+json",
      "application/json-seq",
    ]) {
      assert.deepEqual(
        brief(rejectionOf(CHANGE, { "content-type": type })),
        ["malformed", "content_type", undefined],
        type,
      );
    }
  });

  test("a message from the subscription's dead-letter topic is undeliverable and not looked into", () => {
    const attributes = {
      CloudPubSubDeadLetterSourceDeliveryCount: "20",
      CloudPubSubDeadLetterSourceSubscription: "rowpost-updates-worker",
      "idempotency-key": "k-1",
    };
    const { key, rejection } = decode(message(CHANGE, attributes));
    assert.equal(key, "k-1");
    assert.deepEqual(brief(rejection ?? assert.fail()), ["undeliverable", "delivery_attempts", undefined]);
    assert.match(rejection?.message ?? "", /rowpost-updates-worker .* 20 deliveries/);
  });
});

test("the limits are those that the decoder was made with", () => {
  const strict = createDecoder(sampleRegistry, { changes: 1, dataBytes: 150, depth: 3 });
  const codes = [CHANGE, { changes: [CHANGE] }, { changes: [{ key: {} }, 1] }, "x".repeat(151)].map(
    (data) => strict(message(data)).rejection?.rule,
  );
  assert.deepEqual(codes, [undefined, "max_depth", "max_depth", "max_bytes"]);
  const wide = createDecoder(sampleRegistry, { ...LIMITS, changes: 1 });
  assert.equal(wide(message({ changes: [CHANGE, CHANGE] })).rejection?.rule, "max_changes");
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEncoder } from "../../../src/messages/encode.ts";
import { contentKey } from "../../../src/messages/idempotency-key.ts";
import { parseJson } from "../../../src/messages/parse-json.ts";
import { decode, LIMITS, message, sampleRegistry } from "./sample-tables.ts";

const encode = createEncoder(sampleRegistry, LIMITS);
const read = (text: string) => parseJson(Buffer.from(text), LIMITS).value ?? null;
const CHANGE =
  '{"table":"ledger","op":"upsert","key":{"id":18446744073709551615},"set":{"amount":0.123456789012345678901234567891}}';

describe("an update to be published", () => {
  test("decodes to itself, digit for digit, under its key", () => {
    const { message: encoded } = encode(read(CHANGE), "order-7");
    assert.ok(encoded !== undefined);
    const decoded = decode({ ...message(encoded.data), attributes: encoded.attributes });
    assert.deepEqual(encoded.attributes, { "idempotency-key": "order-7" });
    assert.deepEqual(
      [decoded.key, decoded.fingerprint, decoded.update],
      [encoded.key, encoded.fingerprint, encoded.update],
    );
    assert.match(encoded.data.toString(), /18446744073709551615.*0\.123456789012345678901234567891/);
    assert.deepEqual(decoded.fingerprint, decode(message(CHANGE)).fingerprint);
  });

  test("gets a new key each time when it has none", () => {
    const [first, second] = [
      encode(read(CHANGE)).message?.key ?? "",
      encode(read(CHANGE)).message?.key ?? "",
    ];
    assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.ok(first < second);
  });

  test("that is a CloudEvent keeps the name that the event gives it", () => {
    const event = `{"specversion":"1.0","id":"1","source":"/shop","type":"t","data":${CHANGE}}`;
    assert.equal(encode(read(event)).message?.key, "ce:/shop|1");
    assert.equal(encode(read(event), "mine").message?.key, "mine");
  });

  test("may carry any valid key, also one that a message id made", () => {
    assert.equal(encode(read(CHANGE), "message:55").message?.key, "message:55");
    const { fingerprint } = decode(message(CHANGE));
    assert.match(encode(read(CHANGE), contentKey(fingerprint)).message?.key ?? "", /^sha256:[0-9a-f]{64}$/);
  });

  test("is refused just as a worker would refuse it", () => {
    for (const text of ["null", "{}", '{"changes":[]}', '{"table":"seats","op":"delete"}']) {
      assert.deepEqual(encode(read(text)).rejection, decode(message(text)).rejection);
    }
    assert.equal(encode(read(CHANGE), "").rejection?.rule, "idempotency_key");
    assert.equal(
      createEncoder(sampleRegistry, { ...LIMITS, dataBytes: 20 })(read(CHANGE)).rejection?.rule,
      "max_bytes",
    );
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyId } from "../../../src/store/key-id.ts";

test("a UUID is its own 16 bytes, so keys in the order of time stay in it", () => {
  assert.equal(keyId("01975b3c-8a7e-7cc1-9d2f-0123456789ab"), "01975b3c8a7e7cc19d2f0123456789ab");
  assert.ok(keyId("01975b3c-8a7e-7cc1-9d2f-0123456789ab") < keyId("01975b3c-8a7f-7cc1-9d2f-0123456789ab"));
});

test("any other key is 16 bytes that no UUID can have", () => {
  for (const key of ["k", "order-17", "01975B3C-8A7E-7CC1-9D2F-0123456789AB", "x".repeat(255), "é"]) {
    const id = keyId(key);
    assert.match(id, /^[0-9a-f]{16}[c-f][0-9a-f]{15}$/, key);
    assert.notEqual(id, keyId(`${key} `));
  }
});

test("a UUID made of another key's bytes does not meet it", () => {
  const id = keyId("victim");
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join("-");
  assert.notEqual(keyId(uuid), id);
});

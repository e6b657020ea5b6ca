import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { applyBatch } from "../../../src/apply/batch.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";

expectNoLeaks();

const exact = defineTable({
  name: "exact",
  columns: {
    id: p.bigint().unsigned().autoincrement(false),
    signed: p.bigint().unsigned(false).nullable(),
    amount: p.decimal().precision(65).scale(30).nullable(),
    ratio: p.float().nullable(),
    wide: p.double().nullable(),
    at: p.datetime(6).nullable(),
    day: p.date().nullable(),
    clock: p.time().length(6).nullable(),
    word: p.string().length(20).nullable(),
    blob: p.blob().nullable(),
    doc: p.json().nullable(),
  },
  key: "id",
});

const limits = { changes: 100, dataBytes: 1_048_576, depth: 64 };
const decode = createDecoder(registryOf([exact]), limits);
let messages = 0;

function message(json: string) {
  messages += 1;
  return decode({
    data: Buffer.from(json),
    attributes: { "idempotency-key": `k${messages}` },
    messageId: String(messages),
    publishedAt: new Date(),
  });
}

const AMOUNT = "12345678901234567890123456789012345.123456789012345678901234567891";
const VALUES = {
  signed: "-9223372036854775808",
  amount: AMOUNT,
  ratio: "0.1",
  wide: "0.30000000000000004",
  at: '"2024-07-11T16:26:32.123456Z"',
  day: '"1000-01-01"',
  clock: '"-838:59:58.000001"',
  word: '"naïve 😀"',
  blob: '"AP8nXAqA"',
  doc: `{"id":18446744073709551615,"amount":${AMOUNT},"small":0.1,"deep":[{"n":-9007199254740993,"x":1.10}],"__proto__":{"a":1},"😀":"2024-07-11T16:26:32.123456Z 😀","quote'\\"":10000000000000000000000.5}`,
};
const SET = Object.entries(VALUES)
  .map(([name, json]) => `"${name}":${json}`)
  .join(",");
const ID = "18446744073709551615";

test("every digit, fraction and character goes in and comes out as it was, also in a JSON column", async (t) => {
  const store = await testStore(t, registryOf([exact]));
  const write = message(`{"table":"exact","op":"upsert","key":{"id":${ID}},"set":{${SET}}}`);
  assert.equal(write.rejection, undefined);
  const first = await applyBatch(store, [write]);
  assert.ok(first.committed);
  assert.deepEqual(first.settlements, [{ outcome: "applied", rows: 1, inserted: 1 }]);
  const [row] = await store.select(
    "SELECT id,signed,amount,at,day,clock,word,`blob`,doc,(ratio+0e0) AS ratio,wide FROM exact",
  );
  assert.equal(String(row?.["id"]), ID);
  assert.equal(String(row?.["signed"]), VALUES.signed);
  assert.equal(row?.["amount"], AMOUNT);
  assert.equal(Number(row?.["ratio"]), Math.fround(0.1));
  assert.equal(row?.["wide"], 0.30000000000000004);
  assert.equal(row?.["at"], "2024-07-11 16:26:32.123456");
  assert.equal(row?.["day"], "1000-01-01");
  assert.equal(row?.["clock"], "-838:59:58.000001");
  assert.equal(row?.["word"], "naïve 😀");
  assert.deepEqual(row?.["blob"], Buffer.from("AP8nXAqA", "base64"));
  const doc = String(row?.["doc"]);
  for (const digits of [
    ID,
    AMOUNT,
    "-9007199254740993",
    "10000000000000000000000.5",
    "2024-07-11T16:26:32.123456Z 😀",
  ]) {
    assert.ok(doc.includes(digits), `${digits} in ${doc}`);
  }
  assert.match(doc, /"__proto__": ?\{"a": ?1\}/);
});

test("what comes out compares equal to what went in, so the same values change nothing", async (t) => {
  const store = await testStore(t, registryOf([exact]));
  const upsert = `{"table":"exact","op":"upsert","key":{"id":"${ID}"},"set":{${SET}}}`;
  const expects = `{"table":"exact","op":"update","key":{"id":${ID}},"set":{"word":"next"},"expect":{${SET}}}`;
  assert.equal((await applyBatch(store, [message(upsert)])).committed, true);
  const again = await applyBatch(store, [message(upsert), message(expects)]);
  assert.ok(again.committed);
  assert.deepEqual(again.settlements, [
    { outcome: "unchanged" },
    { outcome: "applied", rows: 1, inserted: 0 },
  ]);
});

test("sums of 65 digits are exact", async (t) => {
  const store = await testStore(t, registryOf([exact]));
  const add = (amount: string) =>
    message(`{"table":"exact","op":"upsert","key":{"id":1},"add":{"amount":${amount}}}`);
  await applyBatch(store, [add(AMOUNT), add("0.000000000000000000000000000009"), add("-1")]);
  await applyBatch(store, [add("0.1")]);
  const [row] = await store.select("SELECT amount FROM exact");
  assert.equal(row?.["amount"], "12345678901234567890123456789012344.223456789012345678901234567900");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "../../../src/cli/publish-window.ts";
import type { Fingerprint, IdempotencyKey } from "../../../src/messages/update.ts";
import type { Publisher } from "../../../src/pubsub/port.ts";
import { PubSubError } from "../../../src/pubsub/trouble.ts";

const TOPIC = { kind: "topic", name: "t", project: "p", address: "a", purpose: "publish to" } as const;
const UPDATE = { key: "k" as IdempotencyKey, fingerprint: "0".repeat(64) as Fingerprint };
const INVALID_ARGUMENT = 3;
const UNAVAILABLE = 14;

/** A publisher whose publishes are settled by the test, and the window on it. */
function setUp(messages: number, bytes = 1_000) {
  const sent: PromiseWithResolvers<string>[] = [];
  const publisher: Publisher = {
    publish: () => {
      const one = Promise.withResolvers<string>();
      sent.push(one);
      return one.promise;
    },
    close: async () => {},
  };
  const told: string[] = [];
  const window = new Window<{ number: number }>(publisher, { messages, bytes }, 0, {
    confirmed: ({ number }) => told.push(`confirmed ${number}`),
    refused: ({ number }) => told.push(`refused ${number}`),
  });
  const send = (number: number, size = 1) =>
    window.send({ record: { number }, update: UPDATE, data: Buffer.alloc(size), attributes: {} });
  const fail = (at: number, code: number) =>
    sent[at]?.reject(new PubSubError(TOPIC, Object.assign(new Error("no"), { code })));
  return { window, sent, told, send, fail };
}

/** Has the promise settled, once everything that is ready has run? */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

test("no more messages are under way than may be, and no more bytes", async () => {
  const { sent, send } = setUp(2, 10);
  await send(1);
  await send(2);
  const third = send(3, 9);
  assert.equal(await settles(third), false);
  sent[0]?.resolve("1");
  assert.equal(await settles(third), true);
  const fourth = send(4, 2);
  assert.equal(await settles(fourth), false);
  sent[1]?.resolve("2");
  assert.equal(await settles(fourth), false, "9 and 2 bytes are more than 10");
  sent[2]?.resolve("3");
  assert.equal(await settles(fourth), true);
});

test("a message larger than all bytes that may be under way goes alone", async () => {
  const { sent, send } = setUp(5, 10);
  await send(1, 50);
  const next = send(2);
  assert.equal(await settles(next), false);
  sent[0]?.resolve("1");
  assert.equal(await settles(next), true);
});

test("it is settled up to the record before the first that is not confirmed", async () => {
  const { window, sent, send } = setUp(10);
  assert.equal(window.settledUpTo, 0);
  await send(1);
  window.pass(2);
  await send(3);
  await send(4);
  window.pass(5);
  assert.equal(window.settledUpTo, 0);
  sent[2]?.resolve("4");
  sent[0]?.resolve("1");
  await new Promise(setImmediate);
  assert.equal(window.settledUpTo, 2);
  sent[1]?.resolve("3");
  await window.idle();
  assert.equal(window.settledUpTo, 5);
  assert.equal(window.open, 0);
});

test("a message that the broker refuses does not stop the others", async () => {
  const { window, sent, told, send, fail } = setUp(10);
  await send(1);
  await send(2);
  fail(0, INVALID_ARGUMENT);
  sent[1]?.resolve("2");
  await window.idle();
  assert.deepEqual(told, ["refused 1", "confirmed 2"]);
  assert.equal(window.trouble, undefined);
  assert.equal(window.settledUpTo, 2);
});

test("trouble lets nothing more go, and what it hit stays unsettled", async () => {
  const { window, sent, told, send, fail } = setUp(2);
  await send(1);
  await send(2);
  const third = send(3);
  fail(1, UNAVAILABLE);
  assert.equal(await settles(third), true);
  assert.equal(sent.length, 2);
  sent[0]?.resolve("1");
  await window.idle();
  assert(window.trouble instanceof PubSubError);
  assert.equal(window.trouble.status, "UNAVAILABLE");
  assert.deepEqual(told, ["confirmed 1"]);
  assert.equal(window.settledUpTo, 1);
  assert.equal(window.open, 2);
});

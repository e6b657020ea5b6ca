import assert from "node:assert/strict";
import test from "node:test";
import { type Consumer, Delivery } from "../../../../src/local/broker/delivery.ts";
import type { Message } from "../../../../src/local/broker/message.ts";
import { OrderedKeys } from "../../../../src/local/broker/ordered-keys.ts";
import { Ring } from "../../../../src/local/broker/ring.ts";

const BLOCK = { bytes: Buffer.alloc(0), publishedAt: 0 };

function consumer(): Consumer {
  const room = () => ({ messages: 1_000, bytes: 1_000 });
  return { leaseMs: 1_000, room, take() {}, released() {}, end() {} };
}

/** Keys with messages such as "a0", of key a; `next` gives and leases one. */
function setUp(...texts: readonly string[]) {
  let numbers = 0;
  const keys = new OrderedKeys((message) => new Delivery(message, ++numbers, () => {}));
  const nameOf = ({ message }: Delivery) => `${message.key}${message.sequence}`;
  const push = (text: string) => {
    const message: Message = {
      block: BLOCK,
      start: 0,
      end: 0,
      sequence: Number(text.slice(1)),
      key: text[0] ?? "",
    };
    keys.push(message);
  };
  texts.forEach(push);
  const leased = new Map<string, Delivery>();
  const next = (to: Consumer): string | undefined => {
    const delivery = keys.next(to);
    if (delivery === undefined) return undefined;
    delivery.state = "leased";
    leased.set(nameOf(delivery), delivery);
    return nameOf(delivery);
  };
  const rest = (to: Consumer): string[] => {
    const all: string[] = [];
    for (let name = next(to); name !== undefined; name = next(to)) all.push(name);
    return all;
  };
  const of = (name: string) => leased.get(name) ?? assert.fail(name);
  const acknowledge = (name: string) => keys.acknowledged(of(name)).map(nameOf);
  const giveBack = (name: string) => {
    const released: string[] = [];
    keys.rewind(of(name), (one) => released.push(nameOf(one)));
    of(name).state = "ready";
    keys.touch(of(name));
    return released;
  };
  return { keys, push, next, rest, of, acknowledge, giveBack };
}

test("messages of a key come in order, and keys take turns", () => {
  const { keys, rest } = setUp("a0", "a1", "a2", "b3", "b4");
  const one = consumer();
  keys.attach(one);
  assert.equal(keys.waiting, 5);
  const order = rest(one);
  assert.deepEqual(
    order.filter((name) => name.startsWith("a")),
    ["a0", "a1", "a2"],
  );
  assert.deepEqual(
    order.filter((name) => name.startsWith("b")),
    ["b3", "b4"],
  );
  assert.ok(order.indexOf("b3") < order.indexOf("a2"));
  assert.equal(keys.waiting, 0);
});

test("a key stays with its consumer while a message of it is leased", () => {
  const { keys, next, push, rest, acknowledge } = setUp("a0");
  const [one, other] = [consumer(), consumer()];
  keys.attach(one);
  keys.attach(other);
  assert.equal(next(one), "a0");
  push("a1");
  assert.deepEqual(rest(other), []);
  assert.deepEqual(acknowledge("a0"), ["a0"]);
  assert.deepEqual(rest(other), ["a1"]);
  push("a2");
  assert.deepEqual(rest(one), [], "it was the first one's before");
  assert.deepEqual(rest(other), ["a2"]);
});

test("one that is given back comes again with all behind it, also acknowledged ones", () => {
  const { keys, rest, of, acknowledge, giveBack } = setUp("a0", "a1", "a2", "a3");
  const one = consumer();
  keys.attach(one);
  rest(one);
  assert.deepEqual(acknowledge("a2"), [], "it has to stay: one before it is not acknowledged");
  assert.deepEqual(giveBack("a1"), ["a1", "a3"]);
  assert.deepEqual([of("a2").state, of("a3").state], ["ready", "ready"], "their old ack ids count no more");
  assert.deepEqual(rest(one), ["a1", "a2", "a3"]);
  assert.deepEqual(acknowledge("a0"), ["a0"]);
  assert.deepEqual(acknowledge("a3"), []);
  assert.deepEqual(acknowledge("a1"), ["a1"]);
  assert.deepEqual(acknowledge("a2"), ["a2", "a3"]);
});

test("a key whose next message backs off waits for it, and others do not", () => {
  const { keys, rest, giveBack, of, push } = setUp("a0", "a1", "b2");
  const one = consumer();
  keys.attach(one);
  rest(one);
  giveBack("a0");
  of("a0").state = "backing-off";
  push("a3");
  push("b4");
  assert.deepEqual(rest(one), ["b4"]);
  of("a0").state = "ready";
  keys.touch(of("a0"));
  assert.deepEqual(rest(one), ["a0", "a1", "a3"]);
});

test("what a consumer that left has leased is its own until it is settled", () => {
  const { keys, rest, next, giveBack } = setUp("a0", "a1");
  const [one, other] = [consumer(), consumer()];
  keys.attach(one);
  keys.attach(other);
  assert.equal(next(one), "a0");
  keys.detach(one);
  assert.deepEqual(rest(other), []);
  giveBack("a0");
  assert.deepEqual(rest(other), ["a0", "a1"]);
});

test("a ring gives items in their order, grows, and finds them by their place", () => {
  const ring = new Ring<number>();
  let pushed = 0;
  let shifted = 0;
  for (let round = 0; round < 200; round++) {
    for (let n = 0; n < round; n++) ring.push(pushed++);
    for (let n = 0; n < round - 1; n++) assert.equal(ring.shift(), shifted++);
    assert.equal(ring.length, pushed - shifted);
    assert.equal(ring.at(ring.length - 1), ring.length === 0 ? undefined : pushed - 1);
  }
  assert.deepEqual([...ring][0], shifted);
  assert.equal(ring.at(-1), undefined);
  assert.equal(ring.at(ring.length), undefined);
});

import assert from "node:assert/strict";
import test from "node:test";
import { Faults } from "../../../../src/local/broker/faults.ts";
import { xoshiro128 } from "../../../../src/local/broker/random.ts";

const draw = (seed: number, stream = 0, count = 1_000) => {
  const random = xoshiro128(seed, stream);
  return Array.from({ length: count }, () => random());
};

test("a seed gives the same numbers again, another seed and another stream give others", () => {
  assert.deepEqual(draw(1), draw(1));
  const firsts = [draw(1)[0], draw(2)[0], draw(1, 1)[0], draw(1, 2)[0], draw(0)[0], draw(2 ** 31)[0]];
  assert.equal(new Set(firsts).size, firsts.length);
});

test("numbers are from 0 to below 1, spread evenly, and each is independent of the one before", () => {
  const numbers = draw(42, 3, 100_000);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  const tenths = new Array<number>(10).fill(0);
  const pairs = new Array<number>(4).fill(0);
  numbers.forEach((number, n) => {
    tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
    const pair = (number < 0.5 ? 0 : 2) + ((numbers[n - 1] ?? 0) < 0.5 ? 0 : 1);
    pairs[pair] = (pairs[pair] ?? 0) + 1;
  });
  assert.ok(
    tenths.every((count) => Math.abs(count - 10_000) < 500),
    tenths.join(),
  );
  assert.ok(
    pairs.every((count) => Math.abs(count - 25_000) < 700),
    pairs.join(),
  );
});

test("each kind of fault decides by itself: how often another was asked changes nothing", () => {
  const rates = { duplicates: { rate: 0.5 }, lostAcks: { rate: 0.5 } };
  const [one, other] = [new Faults(9, rates), new Faults(9, rates)];
  const alone = Array.from({ length: 50 }, () => one.duplicate());
  const between = Array.from({ length: 50 }, () => {
    other.ack();
    return other.duplicate();
  });
  assert.deepEqual(between, alone);
  assert.ok(alone.includes("leased") && alone.includes("acked") && alone.includes(undefined));
});

test("rates are kept, bursts are as long as asked for, and all is counted", () => {
  const faults = new Faults(3, {
    earlyExpiries: { rate: 0.1, part: [0.5, 0.5] },
    refusals: { publish: { rate: 0.02, length: [5, 5], statuses: ["UNAVAILABLE"] } },
  });
  const leases = Array.from({ length: 10_000 }, () => faults.lease(1_000));
  const early = leases.filter((ms) => ms === 500).length;
  assert.ok(Math.abs(early - 1_000) < 150, `${early}`);
  assert.equal(faults.counts.earlyExpiries, early);
  const calls = Array.from({ length: 10_000 }, () =>
    faults.refuse("publish") === undefined ? "." : "x",
  ).join("");
  const bursts = [...calls.matchAll(/x+/g)].map(([burst]) => burst.length);
  assert.ok(bursts.length > 50, `${bursts.length}`);
  assert.ok(bursts.slice(0, -1).every((length) => length % 5 === 0));
  assert.equal(
    faults.counts.refusals.publish,
    bursts.reduce((sum, length) => sum + length, 0),
  );
  assert.equal(faults.refuse("pull"), undefined);
  faults.rates = {};
  assert.equal(faults.lease(1_000), 1_000);
});

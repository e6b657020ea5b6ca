import assert from "node:assert/strict";
import test from "node:test";
import { Deadlines } from "../../../../src/local/broker/deadlines.ts";
import { Later } from "../../../../src/local/broker/later.ts";

/** Deadlines with a clock of one's own, and what has expired by then. */
function calendar(t: { after(fn: () => void): void }) {
  let now = 1_000;
  const expired: string[] = [];
  const deadlines = new Deadlines(() => now);
  t.after(() => deadlines.clear());
  return {
    deadlines,
    due: (name: string) => new Later(() => expired.push(name)),
    at(ms: number): string[] {
      now = 1_000 + ms;
      deadlines.run();
      return expired.splice(0).sort();
    },
  };
}

test("what is due expires once, not before its time and at most a few milliseconds after it", (t) => {
  const { deadlines, due, at } = calendar(t);
  deadlines.set(due("b"), 200);
  deadlines.set(due("a"), 100);
  deadlines.set(due("a too"), 100);
  assert.deepEqual(at(99), []);
  assert.deepEqual(at(110), ["a", "a too"]);
  assert.deepEqual(at(199), []);
  assert.deepEqual(at(10_000), ["b"]);
  assert.deepEqual(at(20_000), []);
});

test("what is moved expires at its new time only, and what is removed never does", (t) => {
  const { deadlines, due, at } = calendar(t);
  const [moved, removed, kept] = [due("moved"), due("removed"), due("kept")];
  for (const one of [moved, removed, kept]) deadlines.set(one, 100);
  deadlines.set(moved, 500);
  deadlines.remove(removed);
  deadlines.remove(removed);
  assert.deepEqual(at(120), ["kept"]);
  assert.deepEqual(at(520), ["moved"]);
  deadlines.remove(moved);
  deadlines.set(moved, 100);
  assert.deepEqual(at(640), ["moved"]);
});

test("what is set while others expire has its own time", (t) => {
  const { deadlines, at } = calendar(t);
  const expired: number[] = [];
  const again: Later = new Later(() => {
    expired.push(1);
    if (expired.length < 3) deadlines.set(again, 50);
  });
  deadlines.set(again, 50);
  at(60);
  assert.equal(expired.length, 1);
  at(130);
  assert.equal(expired.length, 2);
  at(1_000);
  assert.equal(expired.length, 3);
});

test("a hundred thousand deadlines expire in the order of their times", (t) => {
  let now = 0;
  const deadlines = new Deadlines(() => now);
  t.after(() => deadlines.clear());
  const order: number[] = [];
  const all = Array.from({ length: 100_000 }, (_, n) => {
    const ms = (n * 7_919) % 60_000;
    const one = new Later(() => order.push(ms));
    deadlines.set(one, ms);
    return one;
  });
  all.filter((_, n) => n % 2 === 0).forEach((one) => deadlines.remove(one));
  for (now = 0; now < 61_000; now += 100) deadlines.run();
  assert.equal(order.length, 50_000);
  assert.ok(order.every((ms, n) => n === 0 || ms >= (order[n - 1] ?? 0) - 5));
});

test("without a clock of one's own a timer runs it", async (t) => {
  const deadlines = new Deadlines();
  t.after(() => deadlines.clear());
  const start = performance.now();
  await new Promise<void>((resolve) => {
    deadlines.set(new Later(() => {}), 60_000);
    deadlines.set(new Later(resolve), 30);
  });
  const ms = performance.now() - start;
  assert.ok(ms >= 30 && ms < 1_000, `${ms} ms`);
});

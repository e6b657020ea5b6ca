import assert from "node:assert/strict";
import { test } from "node:test";
import { tenthsOf } from "../../bench/parts/backlog/tenths.ts";

test("an even drain has the same rate in each tenth, wherever the looks fell", () => {
  const looks = [0, 70, 260, 410, 777, 1_000].map((at) => ({ at, drained: at * 10, rss: 100 + at / 100 }));
  const tenths = tenthsOf(looks, 10_000);
  assert.deepEqual(
    tenths.map(({ rate }) => Math.round(rate)),
    Array.from({ length: 10 }, () => 10_000),
  );
});

test("a tenth has the largest resident set seen in it, or that of the next look", () => {
  const looks = [
    { at: 0, drained: 0, rss: 50 },
    { at: 100, drained: 50, rss: 90 },
    { at: 150, drained: 75, rss: 70 },
    { at: 200, drained: 100, rss: 60 },
  ];
  const memory = tenthsOf(looks, 100).map(({ rss }) => rss);
  assert.deepEqual(memory, [50, 90, 90, 90, 90, 90, 70, 70, 60, 60]);
});

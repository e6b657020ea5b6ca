import assert from "node:assert/strict";
import { test } from "node:test";
import { jitteredDelay } from "../../../src/pubsub/backoff.ts";

test("delays double from the shortest to the longest", () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 1_000].map((attempt) =>
    jitteredDelay(attempt, 1_000, 30_000, () => 1),
  );
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("at least half of a delay is waited for", () => {
  assert.equal(
    jitteredDelay(3, 1_000, 30_000, () => 0),
    4_000,
  );
});

test("two workers do not wait equally long", () => {
  const delays = new Set(Array.from({ length: 50 }, () => jitteredDelay(4, 1_000, 30_000)));
  assert.ok(delays.size > 40);
});

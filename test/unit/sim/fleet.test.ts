import assert from "node:assert/strict";
import { test } from "node:test";
import { PLACE_KEPT } from "../../sim/assumptions.ts";
import { Fleet } from "../../sim/fleet.ts";

/** How many are ready at each of these seconds. */
const readyAt = (fleet: Fleet, ...seconds: number[]): number[] => seconds.map((at) => fleet.ready(at));

test("a pod that finds room is ready after 15 s, the next ones wait 60 to 120 s for their nodes first", () => {
  for (const chance of [0, 0.5, 0.999]) {
    const fleet = new Fleet(2, () => chance);
    fleet.scale(100, 5);
    const node = 60 + Math.round(60 * chance);
    assert.deepEqual(readyAt(fleet, 100, 114, 115, 114 + node, 115 + node), [2, 2, 3, 3, 5]);
  }
});

test("those that are not ready go first", () => {
  const fleet = new Fleet(2, () => 0);
  fleet.scale(0, 5);
  fleet.scale(20, 3);
  assert.deepEqual(readyAt(fleet, 20, 1_000), [3, 3]);
});

test("room that a pod has left is kept for 10 min", () => {
  const again = (pause: number) => {
    const fleet = new Fleet(2, () => 0);
    fleet.scale(0, 6);
    fleet.scale(200, 2);
    for (let at = 0; at <= 200 + pause; at++) fleet.tidy(at);
    fleet.scale(200 + pause, 6);
    return fleet.ready(215 + pause);
  };
  assert.deepEqual([again(60), again(PLACE_KEPT)], [6, 3]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetFigures } from "../../bench/parts/run-fleet.ts";

test("the rate of several workers counts from when the last of them had a delivery", () => {
  const early = [
    { first: 0, at: 500, settled: 1_000 },
    { first: 0, at: 1_000, settled: 2_000 },
    { first: 0, at: 2_000, settled: 4_000 },
  ];
  const late = [{ first: 1_000, at: 1_900, settled: 3_000 }];
  const figures = [
    { clientCpu: 40, retries: 1 },
    { clientCpu: 80, retries: 2 },
  ];
  const found = fleetFigures([early, late], figures);
  assert.deepEqual(found, {
    rate: 5_000,
    warmRate: 20_000,
    clientCpu: (4_000 * 40 + 3_000 * 80) / 7_000,
    retries: 3,
  });
});

test("a worker that came too late for any message counts for nothing", () => {
  const only = [
    { first: 0, at: 0, settled: 0 },
    { first: 0, at: 750, settled: 1_000 },
    { first: 0, at: 1_000, settled: 2_000 },
  ];
  const figures = [
    { clientCpu: 50, retries: 0 },
    { clientCpu: Number.NaN, retries: 0 },
  ];
  assert.deepEqual(fleetFigures([only, []], figures), {
    rate: 2_000,
    warmRate: 4_000,
    clientCpu: 50,
    retries: 0,
  });
});

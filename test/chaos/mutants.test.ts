import assert from "node:assert/strict";
import { test } from "node:test";
import { chaos } from "../support/chaos.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { MUTANTS, mutated } from "../support/mutants.ts";

expectNoLeaks();

/** Much happens to few updates, and workers are never idle, so that something happens in the wrong moment. */
const AMOUNTS = { updates: 8_000, seconds: 1, workers: 2, kills: 8, restarts: 2, cuts: 20 };

/** The wrong moment is a few milliseconds of each batch: when a run has met none of them, another one will. */
const SEEDS = [7, 8];

for (const mutant of MUTANTS) {
  test(`chaos catches ${mutant.name}`, async (t) => {
    const project = await mutated(t, mutant);
    let found: readonly string[] = [];
    for (const seed of SEEDS) {
      if (found.length > 0) break;
      const { violations, seconds } = await chaos(t, { ...AMOUNTS, seed }, project);
      t.diagnostic(
        `seed ${seed}: ${violations.length} violations in ${Math.round(seconds)} s, such as: ${violations[0]}`,
      );
      found = violations;
    }
    assert.ok(found.length > 0, "it was not caught");
  });
}

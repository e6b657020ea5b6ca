import assert from "node:assert/strict";
import { test } from "node:test";
import { chaos, summary } from "../support/chaos.ts";
import { expectNoLeaks } from "../support/leaks.ts";

expectNoLeaks();

/** CHAOS=full is what the README tells of; else a short form for every day. CHAOS_SEED replays one. */
const FULL = process.env["CHAOS"] === "full";
const SEEDS = process.env["CHAOS_SEED"]?.split(",").map(Number) ?? (FULL ? [1, 2, 3] : [1]);
const AMOUNTS = FULL
  ? { updates: 100_000, seconds: 150, workers: 3, kills: 24, restarts: 6, cuts: 12 }
  : { updates: 8_000, seconds: 10, workers: 2, kills: 4, restarts: 2, cuts: 3 };

for (const seed of SEEDS) {
  test(`nothing is lost, doubled or half done, whatever happens; seed ${seed}`, async (t) => {
    const result = await chaos(t, { ...AMOUNTS, seed });
    t.diagnostic(summary(result));
    assert.deepEqual(result.violations, []);
    const { played, faults, messages, outcomes } = result;
    assert.ok(played["kill-worker"] >= AMOUNTS.kills * 0.8, "workers were killed");
    assert.equal(played["restart-mysql"], AMOUNTS.restarts);
    assert.equal(played.migrate, 1);
    assert.ok(faults.duplicates + faults.reorders >= messages / 10, "a tenth comes twice or out of order");
    for (const outcome of ["applied", "stale", "check_failed", "unique_conflict", "invalid"])
      assert.ok((outcomes[outcome] ?? 0) > 0, `some became ${outcome}`);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { partInMemory } from "../../../src/cli/verify-parts.ts";
import { runRounds } from "../../../src/cli/verify-rounds.ts";
import { keyId } from "../../../src/store/key-id.ts";
import type { DatabaseRow, Store } from "../../../src/store/store.ts";

const FINGERPRINT = "ab".repeat(32);
const RULES = { pendingMs: 60_000, receiptMs: 3_600_000, deadLetterMs: 3_600_000 };
const NOW = new Date();

const updates = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    key: `k-${from + i}`,
    fingerprint: FINGERPRINT,
    lastAt: NOW.getTime(),
    confirmedAt: NOW.getTime(),
    messageId: "1",
  }));

/** A database of the test: which keys have receipts, and what was asked for. */
function setUp() {
  const settled = new Set<string>();
  const asked: number[] = [];
  const troubles: string[] = [];
  const state: { fails: Error | undefined; after: () => void } = { fails: undefined, after: () => {} };
  const select = async (sql: string): Promise<DatabaseRow[]> => {
    if (state.fails !== undefined) throw state.fails;
    if (sql.includes("UTC_TIMESTAMP")) return [{ now: NOW.toISOString().replace("T", " ").replace("Z", "") }];
    if (!sql.includes("FROM receipts")) return [];
    const ids = [...sql.matchAll(/X'([0-9a-f]+)'/g)].map(([, id]) => String(id));
    asked.push(ids.length);
    const rows = ids
      .filter((id) => settled.has(id))
      .map((id) => ({
        key_id: Buffer.from(id, "hex"),
        fingerprint: Buffer.from(FINGERPRINT, "hex"),
        outcome: "applied",
      }));
    state.after();
    return rows;
  };
  const settle = (from: number, to: number) => {
    for (const { key } of updates(from, to)) settled.add(keyId(key));
  };
  const stop = new AbortController();
  const run = (waitMs: number, parts = [partInMemory(updates(0, 1_200))]) =>
    runRounds({
      store: { select } as unknown as Store,
      parts,
      rules: RULES,
      waitMs,
      signal: stop.signal,
      trouble: (error) => void troubles.push((error as Error).message),
    });
  return { asked, troubles, settle, state, stop, run };
}

test("keys are looked up 500 at a time, and once more only those that had not settled", async () => {
  const { asked, settle, state, run } = setUp();
  settle(0, 1_190);
  state.after = () => asked.length === 4 && settle(1_190, 1_200);
  const tally = await run(60_000);
  assert.deepEqual([tally?.applied, tally?.pending], [1_200, 0]);
  assert.deepEqual(asked, [500, 500, 200, 10, 10]);
});

test("a part in which all has settled is not read again", async () => {
  const { asked, settle, state, run } = setUp();
  settle(0, 20);
  state.after = () => asked.length === 2 && settle(20, 30);
  const part = partInMemory(updates(0, 20));
  let reads = 0;
  const counted = { ...part, found: () => ((reads += 1), part.found()) };
  await run(60_000, [counted, partInMemory(updates(20, 30))]);
  assert.equal(reads, 1);
  assert.deepEqual(asked, [20, 10, 10]);
});

test("what fails while it waits is tried again as long as there is time", async () => {
  const { troubles, settle, state, run } = setUp();
  settle(0, 1_200);
  const away = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
  state.fails = away;
  await assert.rejects(run(0), away);
  assert.deepEqual(troubles, []);
  const waiting = run(60_000);
  while (troubles.length === 0) await new Promise(setImmediate);
  state.fails = undefined;
  assert.equal((await waiting)?.applied, 1_200);
  assert.deepEqual(troubles, ["away"]);
});

test("what will not pass is not waited for", async () => {
  const { state, run } = setUp();
  state.fails = new TypeError("a mistake");
  await assert.rejects(run(60_000), /a mistake/);
});

test("stopped before all was looked up it knows nothing; stopped while it waits it tells what it knows", async () => {
  const early = setUp();
  early.state.after = () => early.stop.abort();
  assert.equal(await early.run(60_000), undefined);
  const late = setUp();
  late.state.after = () => late.asked.length > 3 && late.stop.abort();
  assert.equal((await late.run(60_000))?.pending, 1_200);
});

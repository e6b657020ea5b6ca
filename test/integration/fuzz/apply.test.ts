import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { applyBatch } from "../../../src/apply/batch.ts";
import type { Settlement } from "../../../src/apply/outcome.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import type { Store } from "../../../src/store/store.ts";
import { assertHolds } from "../../support/fuzz/fuzz-runs.ts";
import { MODEL_TABLES, modelRegistry } from "../../support/fuzz/model-tables.ts";
import { cellIn, MODEL_TIMES, ownersFirst, plainChange, wireOf } from "../../support/fuzz/plain-changes.ts";
import {
  applyPlainly,
  NOW,
  type PlainChange,
  type PlainOutcome,
  type PlainRows,
  rowName,
} from "../../support/fuzz/row-model.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";

expectNoLeaks();

const decode = createDecoder(modelRegistry, { changes: 100, dataBytes: 1_048_576, depth: 64 });
const update = fc.array(plainChange(), { minLength: 1, maxLength: 3 }).filter(isJudgedOnce);
const batch = fc.array(update, { minLength: 1, maxLength: 10 });
const batches = fc.array(batch, { minLength: 1, maxLength: 3 });

test("the database holds, and receipts say, what updates do that are applied one by one", async (t) => {
  const store = await testStore(t, modelRegistry);
  let sent = 0;
  const send = (changes: readonly PlainChange[]) => {
    sent += 1;
    return decode({
      data: Buffer.from(JSON.stringify({ changes: changes.map(wireOf) })),
      attributes: { "idempotency-key": `k${sent}` },
      messageId: String(sent),
      publishedAt: new Date(),
    });
  };
  const property = fc.asyncProperty(batches, async (all) => {
    for (const { name } of MODEL_TABLES) await store.select(`DELETE FROM ${name}`);
    let model: PlainRows = new Map();
    for (const updates of [ownersFirst(), ...all]) {
      const expected = updates.map((changes) => {
        const judged = (when: "each" | "end") =>
          applyPlainly(model, changes, { checks: true, judged: when, now: NOW });
        const both = [judged("each"), judged("end")] as const;
        model = both[0].rows;
        return both.map(({ result }) => withoutPlace(result));
      });
      // In which order a batch makes rows that name each other is its own matter.
      fc.pre(expected.flat().every(({ outcome }) => outcome !== "foreign_key"));
      const result = await applyBatch(store, updates.map(send));
      assert.ok(result.committed, result.committed ? "" : String(result.error));
      for (const [i, settlement] of result.settlements.entries())
        assert.ok(
          expected[i]?.some((one) => isDeepStrictEqual(one, told(settlement))),
          toldDifference(all, i, expected, settlement),
        );
      assert.deepEqual(await rowsOf(store), sorted(model), toldUpdates(all));
    }
  });
  // As many as fit into the time of a test.
  await assertHolds(property, 120, 2_000);
});

/** Whether the database judges what a row is between two changes of one update depends on how the batch is written. */
function isJudgedOnce(changes: readonly PlainChange[]): boolean {
  const names = changes
    .filter(({ table }) => table.notBelowZero !== undefined)
    .map(({ table, id }) => rowName(table.name, id));
  return new Set(names).size === names.length;
}

function withoutPlace({ at: _at, ...result }: PlainOutcome): PlainOutcome {
  return result;
}

function told(settlement: Settlement) {
  return settlement.outcome === "rejected" ? { outcome: settlement.rejection.code } : settlement;
}

async function rowsOf(store: Store): Promise<PlainRows> {
  const rows = new Map<string, PlainRows extends ReadonlyMap<string, infer Row> ? Row : never>();
  for (const facts of MODEL_TABLES) {
    const table = modelRegistry.get(facts.name);
    assert.ok(table !== undefined);
    for (const stored of await store.select(`SELECT * FROM ${facts.name}`)) {
      const cells = Object.entries(facts.columns).map(([name, { kind }]) => {
        const cell = cellIn(facts, name, table.columns.get(name)?.fromDatabase(stored[name]) ?? null);
        const byServer = kind === "time" && cell !== null && !MODEL_TIMES.includes(String(cell));
        return [name, byServer ? NOW : cell] as const;
      });
      rows.set(rowName(facts.name, String(stored["id"])), Object.fromEntries(cells));
    }
  }
  return sorted(rows);
}

function sorted(rows: PlainRows): PlainRows {
  return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function toldDifference(
  all: Batches,
  i: number,
  expected: readonly unknown[],
  settlement: Settlement,
): string {
  return `update ${i}: ${JSON.stringify(settlement)}, not ${JSON.stringify(expected[i])}\n${toldUpdates(all)}`;
}

type Batches = readonly (readonly (readonly PlainChange[])[])[];

function toldUpdates(all: Batches): string {
  const texts = all.map((updates) =>
    updates.map((changes) => JSON.stringify(changes.map(wireOf))).join("\n"),
  );
  return texts.join("\n--\n");
}

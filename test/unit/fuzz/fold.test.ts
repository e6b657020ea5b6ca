import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Folded, fold } from "../../../src/apply/fold.ts";
import { foldChange, type Verdict } from "../../../src/apply/fold-change.ts";
import { missingRow } from "../../../src/apply/row.ts";
import type { Update } from "../../../src/messages/update.ts";
import { assertHolds } from "../../support/fuzz/fuzz-runs.ts";
import { MemoryServer, SERVER_TIME } from "../../support/fuzz/memory-server.ts";
import { cellIn, decodedChange, ownersFirst, plainChange, wireOf } from "../../support/fuzz/plain-changes.ts";
import {
  applyPlainly,
  type PlainChange,
  type PlainOutcome,
  type PlainRows,
  rowName,
} from "../../support/fuzz/row-model.ts";
import { MODEL_TABLES } from "../../support/fuzz/model-tables.ts";

const batch = fc.array(fc.array(plainChange(), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 8,
});
/** Batches that come one after the other: the first ones make the rows for the others. */
const batches = fc.array(batch, { minLength: 1, maxLength: 3 });

test("batches leave the rows and the outcomes that their updates would have one by one", async () => {
  let later = 0;
  const property = fc.property(batches, (all) => {
    const server = new MemoryServer();
    let model: PlainRows = new Map();
    for (const updates of [ownersFirst(), ...all]) {
      const expected = updates.map((changes) => {
        const { rows, result } = applyPlainly(model, changes, {
          checks: false,
          judged: "each",
          now: SERVER_TIME,
        });
        model = rows;
        return result;
      });
      // In which order a batch makes rows that name each other is its own matter.
      fc.pre(expected.every(({ outcome }) => outcome !== "foreign_key"));
      const decoded = updates.map((changes) => ({ changes: changes.map(decodedAt) }));
      const { results, rounds } = inRounds(server, decoded);
      later += rounds - 1;
      assert.deepEqual(results.map(told), expected.map(placed), toldUpdates(all));
      assert.deepEqual(rowsOf(server), model, toldUpdates(all));
    }
  });
  await assertHolds(property, 600);
  assert.ok(later > 0, "some update waited for a second round");
});

const decodedAt = (change: PlainChange, at: number) => decodedChange(change, `/changes/${at}`);

/** As `applyRounds` does it, with the memory for a server. */
function inRounds(server: MemoryServer, updates: readonly Update[]) {
  const results: Folded[] = [];
  let pending = updates.map((update, at) => ({ update, at }));
  let rounds = 0;
  for (; pending.length > 0; rounds += 1) {
    const { folded, rows } = fold(
      server.read(updates),
      pending.map(({ update }) => update),
    );
    const [first] = pending;
    if (first !== undefined && folded[0]?.outcome === "later") {
      results[first.at] = byChanges(server, first.update);
      pending = pending.slice(1);
      continue;
    }
    server.write(rows.values());
    for (const [i, { at }] of pending.entries()) results[at] = folded[i] as Folded;
    pending = pending.filter((_, i) => folded[i]?.outcome === "later");
  }
  return { results, rounds };
}

/** One update, each of its changes written before the next is looked at; on a copy, so that none of it stays if one fails. */
function byChanges(server: MemoryServer, update: Update): Folded {
  const undo = server.savepoint();
  const found = new Set<string>();
  const touched = new Set<string>();
  const made = new Set<string>();
  for (const change of update.changes) {
    const [row = missingRow(change.table, change.key)] = server.read([{ changes: [change] }]).values();
    const verdict = foldChange(change, row);
    if (verdict.kind === "same") continue;
    if (verdict.kind !== "changed") {
      undo();
      return endOf(verdict);
    }
    server.write([verdict.row]);
    const name = rowName(change.table.name, String(change.key["id"]));
    if (row.exists && !touched.has(name)) found.add(name);
    if (!verdict.row.exists) made.delete(name);
    else if (!row.exists && !found.has(name)) made.add(name);
    touched.add(name);
  }
  if (touched.size === 0) return { outcome: "unchanged" };
  return { outcome: "applied", rows: touched.size, inserted: made.size };
}

function endOf(verdict: Exclude<Verdict, { kind: "same" | "changed" }>): Folded {
  if (verdict.kind === "rejected") return { outcome: "rejected", rejection: verdict.rejection };
  assert.notEqual(verdict.kind, "later", "a change alone waits for no other");
  return { outcome: verdict.kind === "older" ? "stale" : "unchanged" };
}

function told(folded: Folded): PlainOutcome {
  if (folded.outcome === "applied")
    return { outcome: "applied", rows: folded.rows, inserted: folded.inserted };
  if (folded.outcome !== "rejected") return { outcome: folded.outcome };
  const at = /^\/changes\/(\d+)\//.exec(folded.rejection.pointer ?? "")?.[1];
  return { outcome: folded.rejection.code, at: Number(at) };
}

/** Only a rejection says where. */
function placed({ at, ...result }: PlainOutcome): PlainOutcome {
  return at === undefined || ["stale", "unchanged"].includes(result.outcome) ? result : { ...result, at };
}

function rowsOf(server: MemoryServer): PlainRows {
  return new Map(
    server.rows().map(({ table, row }) => {
      const facts = MODEL_TABLES.find(({ name }) => name === table.name);
      assert.ok(facts !== undefined);
      const cells = Object.keys(facts.columns).map((name) => {
        const column = table.columns.get(name);
        return [name, cellIn(facts, name, column?.fromDatabase(row[name]) ?? null)] as const;
      });
      return [rowName(table.name, String(row["id"])), Object.fromEntries(cells)] as const;
    }),
  );
}

function toldUpdates(all: readonly (readonly (readonly PlainChange[])[])[]): string {
  return all
    .map((updates) => updates.map((changes) => JSON.stringify(changes.map(wireOf))).join("\n"))
    .join("\n--\n");
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { type Folded, fold } from "../../../src/apply/fold.ts";
import { missingRow, type Row, storedRow } from "../../../src/apply/row.ts";
import { rowId } from "../../../src/messages/row-id.ts";
import type { RowId } from "../../../src/messages/update.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { TableDefinition } from "../../../src/tables/definition.ts";
import { accounts, counters, notes, people } from "../../support/tables.ts";
import { change, update } from "../../support/updates.ts";

const papers = defineTable({
  name: "papers",
  columns: { id: p.integer(), title: p.string().length(50).nullable(), body: p.json().nullable() },
  key: "id",
});

type Stored = Record<string, unknown> & { id: string | number };

function rows(table: TableDefinition, stored: readonly Stored[], missing: readonly (string | number)[] = []) {
  const all = new Map<RowId, Row>();
  for (const row of stored) all.set(rowId(table, { id: row.id }), storedRow(table, { id: row.id }, row));
  for (const id of missing) all.set(rowId(table, { id }), missingRow(table, { id }));
  return all;
}

function counter(
  id: string,
  n: number | string = 0,
  at: string | null = null,
  label: string | null = null,
): Stored {
  return { id, n, at, label };
}

function outcomes(folded: readonly Folded[]): string[] {
  return folded.map((one) => (one.outcome === "rejected" ? one.rejection.code : one.outcome));
}

function writtenTo(round: ReturnType<typeof fold>, table: TableDefinition, id: string | number) {
  return round.rows.get(rowId(table, { id }));
}

test("a document that the row holds already, however the server prints it, changes nothing by itself", () => {
  const stored = { id: 1, title: "old", body: '{"b": 1.0, "a": [1, 2]}' };
  const document = { a: [1, 2], b: 1 };
  const set = (group: Record<string, unknown>) =>
    update(change(papers, "update", { key: { id: 1 }, set: group }));
  const same = [set({ body: document }), set({ body: document, title: "old" })];
  const alone = fold(rows(papers, [stored]), same);
  assert.deepEqual(outcomes(alone.folded), ["unchanged", "unchanged"]);
  assert.equal(alone.rows.size, 0);
  const together = fold(rows(papers, [stored]), [
    set({ body: document, title: "new" }),
    set({ body: document }),
    set({ body: { a: [], b: 1 } }),
    set({ body: { b: 1, a: [] } }),
  ]);
  assert.deepEqual(outcomes(together.folded), ["applied", "unchanged", "applied", "unchanged"]);
  assert.deepEqual(writtenTo(together, papers, 1)?.written, { title: "new", body: '{"a":[],"b":1}' });
});

test("increments of one row add up exactly beyond 2^53", () => {
  const add = update(change(counters, "update", { key: { id: "a" }, add: { n: "9007199254740993" } }));
  const round = fold(rows(counters, [counter("a", "9007199254740993")]), [add, add]);
  assert.deepEqual(outcomes(round.folded), ["applied", "applied"]);
  assert.equal(writtenTo(round, counters, "a")?.written["n"], 27021597764222979n);
});

test("an increment that leaves the column's range is refused and changes nothing", () => {
  const most = update(change(counters, "update", { key: { id: "a" }, add: { n: "9223372036854775807" } }));
  const one = update(change(counters, "update", { key: { id: "a" }, add: { n: 1 } }));
  const round = fold(rows(counters, [counter("a")]), [most, one]);
  assert.deepEqual(outcomes(round.folded), ["applied", "data_refused"]);
  assert.equal(writtenTo(round, counters, "a")?.written["n"], 9223372036854775807n);
});

test("an upsert of a missing row starts its sums at 0", () => {
  const up = update(change(counters, "upsert", { key: { id: "new" }, add: { n: 5 } }));
  const round = fold(rows(counters, [], ["new"]), [up, up]);
  assert.deepEqual(outcomes(round.folded), ["applied", "applied"]);
  assert.equal(writtenTo(round, counters, "new")?.written["n"], 10n);
});

test("an older version is stale, an equal one unchanged, a newer one applied", () => {
  const at = (time: string) =>
    update(change(counters, "upsert", { key: { id: "a" }, set: { at: time, label: time } }));
  const round = fold(rows(counters, [counter("a", 0, "2024-05-01 00:00:00.000000")]), [
    at("2024-04-30T23:59:59.999999Z"),
    at("2024-05-01T02:00:00+02:00"),
    at("2024-05-01T00:00:00.000001Z"),
    at("2024-05-01T00:00:00.000001Z"),
  ]);
  assert.deepEqual(outcomes(round.folded), ["stale", "unchanged", "applied", "unchanged"]);
  assert.equal(writtenTo(round, counters, "a")?.written["at"], "2024-05-01 00:00:00.000001");
});

test("a delete that carries an older version leaves the row", () => {
  const drop = update(change(counters, "delete", { key: { id: "a" }, set: { at: "2024-01-01T00:00:00Z" } }));
  const round = fold(rows(counters, [counter("a", 0, "2024-05-01 00:00:00.000000")]), [drop]);
  assert.deepEqual(outcomes(round.folded), ["stale"]);
  assert.equal(round.rows.size, 0);
});

test("operations that do not fit the row are rejected, and a delete of no row changes nothing", () => {
  const round = fold(rows(counters, [counter("a")], ["b"]), [
    update(change(counters, "insert", { key: { id: "a" } })),
    update(change(counters, "update", { key: { id: "b" }, set: { label: "x" } })),
    update(change(counters, "delete", { key: { id: "b" } })),
  ]);
  assert.deepEqual(outcomes(round.folded), ["row_exists", "row_missing", "unchanged"]);
});

test("an unmet expectation names the column and its pointer", () => {
  const expects = update(
    change(counters, "update", { key: { id: "a" }, set: { label: "x" }, expect: { n: 4 } }, "/changes/0"),
  );
  const [folded] = fold(rows(counters, [counter("a", 5)]), [expects]).folded;
  assert.equal(folded?.outcome, "rejected");
  assert.deepEqual(folded.outcome === "rejected" && { ...folded.rejection, message: "" }, {
    code: "expectation_failed",
    message: "",
    pointer: "/changes/0/expect/n",
    table: "counters",
    column: "n",
  });
});

test("an update with a change that fails leaves all its rows as they were", () => {
  const both = update(
    change(counters, "update", { key: { id: "a" }, add: { n: 1 } }),
    change(counters, "update", { key: { id: "gone" }, add: { n: 1 } }, "/changes/1"),
  );
  const after = update(change(counters, "update", { key: { id: "a" }, add: { n: 2 } }));
  const round = fold(rows(counters, [counter("a")], ["gone"]), [both, after]);
  assert.deepEqual(outcomes(round.folded), ["row_missing", "applied"]);
  assert.equal(writtenTo(round, counters, "a")?.written["n"], 2n);
});

test("changes of one row inside one update follow each other", () => {
  const twice = update(
    change(counters, "upsert", { key: { id: "a" }, set: { label: "first" } }),
    change(counters, "update", { key: { id: "a" }, add: { n: 3 }, expect: { label: "first" } }, "/changes/1"),
  );
  const round = fold(rows(counters, [], ["a"]), [twice]);
  assert.deepEqual(outcomes(round.folded), ["applied"]);
  assert.equal(round.folded[0]?.outcome === "applied" && round.folded[0].rows, 1);
});

test("what a row already holds is unchanged, and absent columns are untouched", () => {
  const same = update(change(counters, "update", { key: { id: "a" }, set: { label: "x" }, add: { n: 0 } }));
  const round = fold(rows(counters, [counter("a", 7, null, "x")]), [same]);
  assert.deepEqual(outcomes(round.folded), ["unchanged"]);
  assert.equal(round.rows.size, 0);
});

test("an upsert of a missing row without a required column is rejected with its pointer", () => {
  const bare = update(change(people, "upsert", { key: { id: 1 }, set: { name: "Ada" } }));
  const [folded] = fold(rows(people, [], [1]), [bare]).folded;
  assert.equal(folded?.outcome === "rejected" && folded.rejection.pointer, "/set/email");
  assert.equal(folded?.outcome === "rejected" && folded.rejection.rule, "required");
});

test("a value under a constraint is not hidden by a later update, which waits with all behind it on that row", () => {
  const add = (amount: string) =>
    update(change(accounts, "update", { key: { id: 1 }, add: { balance: amount } }));
  const other = update(change(accounts, "update", { key: { id: 2 }, add: { balance: "1.00" } }));
  const stored = [
    { id: 1, balance: "1.00", status: "open" },
    { id: 2, balance: "1.00", status: "open" },
  ];
  const round = fold(rows(accounts, stored), [add("-5.00"), add("9.00"), other, add("1.00")]);
  assert.deepEqual(outcomes(round.folded), ["applied", "later", "applied", "later"]);
  assert.equal(writtenTo(round, accounts, 1)?.written["balance"], "-4.00");
});

test("a value that only the server knows yet makes the update wait", () => {
  const make = update(change(people, "insert", { key: { id: 1 }, set: { email: "a@example.org" } }));
  const check = update(
    change(people, "update", {
      key: { id: 1 },
      set: { name: "Ada" },
      expect: { created: "2024-01-01T00:00:00Z" },
    }),
  );
  // It may be what the row holds already.
  const set = update(change(people, "update", { key: { id: 1 }, set: { created: "2024-01-01T00:00:00Z" } }));
  for (const next of [check, set])
    assert.deepEqual(outcomes(fold(rows(people, [], [1]), [make, next]).folded), ["applied", "later"]);
});

test("a row that the round deletes is made anew only after the delete", () => {
  const drop = update(change(counters, "delete", { key: { id: "a" } }));
  const make = update(change(counters, "insert", { key: { id: "a" }, set: { label: "again" } }));
  assert.deepEqual(outcomes(fold(rows(counters, [counter("a")]), [drop, make]).folded), ["applied", "later"]);
});

test("inserts without a key are rows of their own", () => {
  const note = update(change(notes, "insert", { set: { body: "hello" } }));
  const round = fold(new Map(), [note, note]);
  assert.deepEqual(outcomes(round.folded), ["applied", "applied"]);
  assert.equal(round.rows.size, 2);
});

test("folding leaves the rows that it was given as they were", () => {
  const before = rows(counters, [counter("a", 1)]);
  const copy = structuredClone(
    [...before.values()].map(({ stored, written, exists }) => ({ stored, written, exists })),
  );
  fold(before, [update(change(counters, "update", { key: { id: "a" }, add: { n: 1 } }))]);
  assert.deepEqual(
    [...before.values()].map(({ stored, written, exists }) => ({ stored, written, exists })),
    copy,
  );
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { applyBatch } from "../../../src/apply/batch.ts";
import type { Change } from "../../../src/messages/update.ts";
import type { Store } from "../../../src/store/store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";
import { change, decoded } from "../../support/updates.ts";

expectNoLeaks();

const OLD = "2001-02-03 04:05:06";
const time = () => p.datetime().extra("on update current_timestamp");

/** `changed` begins as NULL, `stamped` as the time, `fixed` as a constant. */
const timed = defineTable({
  name: "timed",
  columns: {
    id: p.integer().autoincrement(false),
    n: p.integer().nullable(),
    changed: time().nullable(),
    stamped: time().defaultRaw("current_timestamp"),
    fixed: time().default("2000-01-01 00:00:00"),
  },
  key: "id",
});

const parents = defineTable({
  name: "parents",
  columns: { id: p.integer().autoincrement(false), n: p.integer().nullable() },
  key: "id",
});
const children = defineTable({
  name: "children",
  columns: {
    id: p.integer().autoincrement(false),
    parent: p.integer().unsigned().nullable(),
    note: p.string().length(20).default("none"),
  },
  key: "id",
  foreignKeys: [{ columns: "parent", references: { table: "parents", columns: "id" }, onDelete: "cascade" }],
});
const grandchildren = defineTable({
  name: "grandchildren",
  columns: { id: p.integer().autoincrement(false), child: p.integer().unsigned().nullable() },
  key: "id",
  foreignKeys: [{ columns: "child", references: { table: "children", columns: "id" }, onDelete: "set null" }],
});
const places = defineTable({
  name: "places",
  columns: {
    id: p.integer().autoincrement(false),
    name: p.string().length(20),
    at: p.type("point"),
    size: p.integer().nullable(),
    changed: time().nullable(),
  },
  key: "id",
  opaque: ["at"],
  operations: ["update", "delete"],
  checks: [{ name: "places_size", expression: "size > 0" }],
});
const registry = registryOf([timed, parents, children, grandchildren, places]);

function table(name: string) {
  const found = registry.get(name);
  assert(found);
  return found;
}

let keys = 0;

/** What became of the changes, each an update of its own, all in one batch. */
async function apply(store: Store, ...changes: readonly Change[]): Promise<string[]> {
  const result = await applyBatch(
    store,
    changes.map((one) => decoded(`key-${keys++}`, one)),
  );
  assert(result.committed, String((result as { error?: unknown }).error));
  return result.settlements.map((one) => (one.outcome === "rejected" ? one.rejection.code : one.outcome));
}

/** The same, each in a batch of its own. */
async function applyApart(store: Store, ...changes: readonly Change[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const one of changes) outcomes.push(...(await apply(store, one)));
  return outcomes;
}

async function timedRow(store: Store, id: number) {
  const [row] = await store.select(
    `SELECT n, changed > '2020-01-01' AS changed, stamped > '2020-01-01' AS stamped, fixed > '2020-01-01' AS fixed
     FROM timed WHERE id = ${id}`,
  );
  return Object.values(row ?? {}).map((value) => (value === null ? null : Number(value)));
}

const set = (id: number, values: Record<string, unknown>, expect?: Record<string, unknown>) =>
  change(timed, "update", { key: { id }, set: values, ...(expect === undefined ? {} : { expect }) });
const make = (id: number, values: Record<string, unknown>) =>
  change(timed, "insert", { key: { id }, set: values });

/** Changes of row 1, and what the row then holds: n, then whether each time is that of now. */
const TIMES: readonly (readonly [changes: readonly Change[], outcomes: readonly string[], row: unknown])[] = [
  [[make(1, { n: 1 })], ["applied"], [1, null, 1, 0]],
  [
    [make(1, { n: 1 }), set(1, { n: 2 })],
    ["applied", "applied"],
    [2, 1, 1, 1],
  ],
  [
    [make(1, { n: 1, changed: OLD, stamped: OLD }), set(1, { n: 2 })],
    ["applied", "applied"],
    [2, 1, 1, 1],
  ],
  [
    [make(1, { n: 1 }), set(1, { n: 1 })],
    ["applied", "unchanged"],
    [1, null, 1, 0],
  ],
  [
    [make(1, { n: 1 }), set(1, { n: 2, changed: OLD, stamped: OLD, fixed: OLD })],
    ["applied", "applied"],
    [2, 0, 0, 0],
  ],
  [
    [make(1, { n: 1, changed: OLD }), set(1, { n: 2, changed: OLD }), set(1, { n: 3, changed: OLD })],
    ["applied", "applied", "applied"],
    [3, 0, 1, 1],
  ],
  [
    [make(1, { n: 1 }), set(1, { n: 2, changed: OLD }), set(1, { n: 3 })],
    ["applied", "applied", "applied"],
    [3, 1, 1, 1],
  ],
  [
    [make(1, { n: 1, changed: OLD }), set(1, { n: 2 }), set(1, { n: 3 }, { changed: OLD })],
    ["applied", "applied", "expectation_failed"],
    [2, 1, 1, 1],
  ],
];

test("times that the server writes are the same, one update a batch or all in one", async (t) => {
  const store = await testStore(t, registry);
  for (const [changes, outcomes, row] of TIMES) {
    for (const way of [applyApart, apply]) {
      await store.select("DELETE FROM timed");
      assert.deepEqual(await way(store, ...changes), outcomes);
      assert.deepEqual(await timedRow(store, 1), row, JSON.stringify([way.name, outcomes]));
    }
  }
});

test("of rows that are there, each gets the time of its own change only", async (t) => {
  const store = await testStore(t, registry);
  const rows = [1, 2, 3].map((id) => `(${id}, 1, '${OLD}', '${OLD}', '${OLD}')`);
  await store.select(`INSERT INTO timed VALUES ${rows.join(",")}`);
  assert.deepEqual(
    await apply(
      store,
      set(1, { n: 2 }),
      set(2, { n: 2, changed: OLD }),
      set(3, { n: 1 }),
      set(1, { n: 1 }),
      set(1, { n: 5 }, { changed: OLD }),
    ),
    ["applied", "applied", "unchanged", "applied", "expectation_failed"],
  );
  assert.deepEqual(await timedRow(store, 1), [1, 1, 1, 1]);
  assert.deepEqual(await timedRow(store, 2), [2, 0, 1, 1]);
  assert.deepEqual(await timedRow(store, 3), [1, 0, 0, 0]);
});

/** Each is judged as if it came alone, although the server changes rows behind a delete. */
async function family(t: TestContext) {
  const store = await testStore(t, registry);
  await store.select("INSERT INTO parents VALUES (1, 0), (2, 0)");
  await store.select("INSERT INTO children VALUES (1, 1, 'kept'), (2, 2, 'kept')");
  await store.select("INSERT INTO grandchildren VALUES (1, 1)");
  return store;
}

const deleteParent = change(table("parents"), "delete", { key: { id: 1 } });
const child = (values: Record<string, unknown>) =>
  change(table("children"), "update", { key: { id: 1 }, set: values });

test("a row that moves away before its parent is deleted is kept, with all that it holds", async (t) => {
  const store = await family(t);
  assert.deepEqual(await apply(store, child({ parent: 2 }), deleteParent), ["applied", "applied"]);
  assert.deepEqual(await store.select("SELECT parent, note FROM children WHERE id = 1"), [
    { parent: 2, note: "kept" },
  ]);
});

test("a row that goes with its parent is missing to the next update of the batch", async (t) => {
  const store = await family(t);
  const grandchild = change(table("grandchildren"), "update", { key: { id: 1 }, set: { child: null } });
  const outcomes = await apply(store, deleteParent, child({ note: "x" }), grandchild);
  assert.deepEqual(outcomes, ["applied", "row_missing", "unchanged"]);
  assert.deepEqual(await store.select("SELECT id FROM children"), [{ id: 2 }]);
});

test("within one update too, a delete's consequences come before what follows", async (t) => {
  const store = await family(t);
  const both = decoded("both", child({ parent: 2 }), deleteParent, child({ note: "y" }));
  const result = await applyBatch(store, [both]);
  assert(result.committed);
  assert.deepEqual(
    result.settlements.map(({ outcome }) => outcome),
    ["applied"],
  );
  assert.deepEqual(await store.select("SELECT parent, note FROM children WHERE id = 1"), [
    { parent: 2, note: "y" },
  ]);
});

test("a row with a column that no update holds keeps it, and its checks are judged", async (t) => {
  const store = await testStore(t, registry);
  await store.select(
    "INSERT INTO places VALUES (1, 'a', ST_GeomFromText('POINT(1 2)'), 5, NULL), (2, 'b', ST_GeomFromText('POINT(3 4)'), 5, NULL)",
  );
  const place = (id: number, values: Record<string, unknown>) =>
    change(places, "update", { key: { id }, set: values });
  assert.deepEqual(
    await apply(store, place(1, { name: "A" }), place(2, { size: -1 }), place(3, { size: 1 })),
    ["applied", "check_failed", "row_missing"],
  );
  const rows = await store.select(
    "SELECT name, ST_AsText(at) AS at, size, changed IS NULL AS same FROM places ORDER BY id",
  );
  assert.deepEqual(rows, [
    { name: "A", at: "POINT(1 2)", size: 5, same: 0 },
    { name: "b", at: "POINT(3 4)", size: 5, same: 1 },
  ]);
});

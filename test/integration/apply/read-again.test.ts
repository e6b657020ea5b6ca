import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { applyBatch } from "../../../src/apply/batch.ts";
import type { Decoded } from "../../../src/messages/update.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";
import { counters, people, testRegistry } from "../../support/tables.ts";
import { change, decoded, type Groups } from "../../support/updates.ts";

expectNoLeaks();

/** Two people with a name, and a third one who has an address that somebody may want. */
async function open(t: TestContext) {
  const store = await testStore(t, testRegistry);
  await store.select(
    "INSERT INTO people (id,email,name) VALUES (1,'a','Ada'),(2,'b','Bob'),(3,'taken','Eve')",
  );
  const apply = async (...batch: readonly Decoded[]) => {
    const result = await applyBatch(store, batch);
    assert.ok(result.committed);
    return result.settlements.map((one) => (one.outcome === "rejected" ? one.rejection.code : one.outcome));
  };
  const rows = async () => {
    const found = await store.select("SELECT id,email,name FROM people ORDER BY id");
    return found.map(({ id, email, name }) => `${id} ${email} ${name}`);
  };
  return { store, apply, rows };
}

const update = (id: number, groups: Omit<Groups, "key">) =>
  change(people, "update", { key: { id }, ...groups });

test("a row that a batch writes twice keeps the columns that only another row of the later round changes", async (t) => {
  const { apply, rows } = await open(t);
  const outcomes = await apply(
    decoded("k1", update(1, { set: { email: "a1" } })),
    decoded("k2", update(1, { set: { email: "a2" } })),
    decoded("k3", update(1, { set: { email: "a3" } }), update(2, { set: { name: "Bea" } })),
  );
  assert.deepEqual(outcomes, ["applied", "applied", "applied"]);
  assert.deepEqual(await rows(), ["1 a3 Ada", "2 b Bea", "3 taken Eve"]);
});

test("what a refused update did not name is still known to the next one of its row", async (t) => {
  const { apply, rows } = await open(t);
  const refused = () => update(1, { set: { email: "taken" } });
  assert.deepEqual(
    await apply(
      decoded("k1", refused()),
      decoded("k2", update(1, { set: { email: "a1" }, expect: { name: "Ada" } })),
      decoded("k3", refused()),
      decoded("k4", update(1, { set: { name: null } })),
    ),
    ["unique_conflict", "applied", "unique_conflict", "applied"],
  );
  assert.deepEqual(await rows(), ["1 a1 null", "2 b Bob", "3 taken Eve"]);
});

test("sums go on from what the row holds behind an update that the database refused", async (t) => {
  const { store, apply } = await open(t);
  await store.select("INSERT INTO counters (id,n,label) VALUES ('a',40,'x')");
  const count = change(counters, "update", { key: { id: "a" }, add: { n: 2 } });
  const name = change(counters, "update", { key: { id: "a" }, set: { label: "y" } });
  const refused = decoded("k1", update(1, { set: { email: "taken" } }), name);
  assert.deepEqual(await apply(refused, decoded("k2", count)), ["unique_conflict", "applied"]);
  assert.deepEqual(await store.select("SELECT n,label FROM counters"), [{ n: 42, label: "x" }]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { applyBatch } from "../../../src/apply/batch.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";
import { change, decoded } from "../../support/updates.ts";

expectNoLeaks();

/** As an imported table may be: its key ignores letter case and accents. */
const folding = defineTable({
  name: "folding",
  columns: {
    id: p.string().length(20).collation("utf8mb4_general_ci"),
    n: p.integer().nullable(),
  },
  key: "id",
});

test("a key that the collation takes for another row's is refused, and holds up nobody", async (t) => {
  const store = await testStore(t, registryOf([folding]));
  await store.select("INSERT INTO folding VALUES ('ada', 1), ('bob', 1)");
  const update = (op: "update" | "upsert" | "delete", id: string) =>
    change(folding, op, { key: { id }, ...(op === "delete" ? {} : { set: { n: 2 } }) });
  const result = await applyBatch(store, [
    decoded("a", update("update", "ADA")),
    decoded("b", update("upsert", "Adá")),
    decoded("c", update("update", "bob")),
    decoded("d", update("delete", "aDa")),
    decoded("e", update("upsert", "new")),
  ]);
  assert(result.committed, String((result as { error?: unknown }).error));
  assert.deepEqual(
    result.settlements.map((one) =>
      one.outcome === "rejected" ? [one.rejection.code, one.rejection.pointer] : one.outcome,
    ),
    [
      ["unique_conflict", "/key"],
      ["unique_conflict", "/key"],
      "applied",
      ["unique_conflict", "/key"],
      "applied",
    ],
  );
  const [first] = result.settlements;
  assert(first?.outcome === "rejected");
  assert.match(first.rejection.message, /takes the key for that of another row, "ada"; send it as it stands/);
  assert.deepEqual(await store.select("SELECT id, n FROM folding ORDER BY id"), [
    { id: "ada", n: 1 },
    { id: "bob", n: 2 },
    { id: "new", n: 2 },
  ]);
});

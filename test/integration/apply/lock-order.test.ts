import assert from "node:assert/strict";
import { test } from "node:test";
import { applyBatch } from "../../../src/apply/batch.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";
import { people, testRegistry } from "../../support/tables.ts";
import { until } from "../../support/until.ts";
import { change, decoded } from "../../support/updates.ts";

expectNoLeaks();

/** More than one statement locks, and as text 1000 comes before 6. */
const ROWS = 1_000;
/** Of so many that the server looks each up: a scan would lock in order by itself. */
const TABLE = 20_000;

test("a batch of more rows than one statement locks holds none behind the one that it waits for", async (t) => {
  const store = await testStore(t, testRegistry);
  const all = Array.from({ length: TABLE }, (_, i) => i + 1);
  const tuples = all.map((id) => `(${id},'${id}','old')`);
  await store.select(`INSERT INTO people (id,email,name) VALUES ${tuples.join(",")}`);
  await store.select("ANALYZE TABLE people");
  const batch = all
    .slice(0, ROWS)
    .map((id) => decoded(`k${id}`, change(people, "update", { key: { id }, set: { name: "new" } })));
  const locked = Promise.withResolvers<void>();
  const waits = Promise.withResolvers<void>();
  t.after(() => waits.resolve());
  const other = store.transaction(async (tx) => {
    await tx.select("SELECT id FROM people WHERE id=6 FOR UPDATE");
    locked.resolve();
    await waits.promise;
    // Two batches that wait for each other crosswise: one of them would be the deadlock's victim.
    return tx.select(`SELECT id FROM people WHERE id=${ROWS} FOR UPDATE NOWAIT`);
  });
  await locked.promise;
  const result = applyBatch(store, batch);
  await until("the batch waits for row 6", async () => {
    // Not innodb_trx, which shows a picture of the past to who looks again within 100 ms.
    const [status] = await store.select("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'");
    return Number(status?.["Value"]) > 0;
  });
  waits.resolve();
  assert.equal((await other).length, 1);
  assert.ok((await result).committed);
  const [count] = await store.select("SELECT COUNT(*) AS n FROM people WHERE name='new'");
  assert.equal(Number(count?.["n"]), ROWS);
});

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { AWKWARD, AWKWARD_TABLE, AWKWARD_TABLES, inQuotes } from "../../support/awkward.ts";
import { definitionFolder, importInto, registryIn, runUnchecked } from "../../support/import.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const file = { after };
const rig = await preparedRig(file);
await runUnchecked(rig.database, AWKWARD_TABLES);
const folder = await definitionFolder(file);
await importInto(folder, rig.database, AWKWARD_TABLE, "ref-er.s");
const registry = await registryIn(folder);
const sidecar = await testSidecar(file, {}, { rig, registry });
expectNoLeaks();

const path = (...parts: readonly string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

test("a table, its rows and its columns are found under any name", async () => {
  await rig.database.query(
    `INSERT INTO ${inQuotes(AWKWARD_TABLE)} (${inQuotes("i.d")}, ${inQuotes("dot.ted")}) VALUES ('a/b,c', 'x')`,
  );
  const table = await sidecar.get(path("tables", AWKWARD_TABLE));
  assert.equal(table.status, 200, table.text);
  assert.deepEqual(
    new Set(table.json.columns.map(({ name }: { name: string }) => name)),
    new Set(["i.d", ...AWKWARD, "gen.erated"]),
  );
  const row = await sidecar.get(path("tables", AWKWARD_TABLE, "rows", "a/b,c"));
  assert.equal(row.status, 200, row.text);
  assert.equal(row.json["gen.erated"], "x.");
  const filtered = await sidecar.get(`${path("tables", AWKWARD_TABLE, "rows")}?dot.ted=x`);
  assert.deepEqual([filtered.status, filtered.json.rows?.length], [200, 1], filtered.text);
  const notIn = encodeURIComponent("ref-er.s.or.der");
  const unreferred = await sidecar.get(`${path("tables", AWKWARD_TABLE, "rows")}?notIn=${notIn}`);
  assert.deepEqual([unreferred.status, unreferred.json.rows?.length], [200, 1], unreferred.text);
});

test("an update of awkward names is taken, and a fault in it is pointed to", async () => {
  const change = { table: AWKWARD_TABLE, op: "upsert", key: { "i.d": "k" } };
  const taken = await sidecar.post("/updates", { ...change, set: { "til~de": "1", "7": "2" } });
  assert.equal(taken.status, 202, taken.text);
  const refused = await sidecar.post("/updates", { ...change, set: { "sl/ash": 5 } });
  assert.equal(refused.status, 422, refused.text);
  assert.equal(refused.json.pointer, "/set/sl~1ash");
});

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../../src/tables/define-table.ts";
import { loadDefinitions, registry, registryOf } from "../../../src/tables/registry.ts";

const named = (name: string) => defineTable({ name, columns: { id: p.integer() }, key: "id" });

test("the shipped tables are those of the folder, in the order of their files", async () => {
  const folder = new URL("../../../src/tables/definitions/", import.meta.url);
  const names = (await loadDefinitions(folder)).map((table) => table.name);
  assert.deepEqual([...registry.keys()], names);
  assert.equal(names.length, readdirSync(folder).length);
  for (const name of ["builds", "customers", "feed", "todos", "toots"]) assert(names.includes(name), name);
});

test("a sixth table is one more file", async () => {
  const five = [...registry.values()].filter(({ name }) => name !== "accounts");
  const sixth = await loadDefinitions(new URL("./sixth/", import.meta.url));
  const six = registryOf([...five, ...sixth]);
  assert.equal(six.size, five.length + 1);
  const change = { table: "accounts", op: "upsert", key: { id: 1 }, add: { balance: "2.50" } };
  assert.equal(six.get("accounts")?.changes.get("upsert")?.safeParse(change).success, true);
});

test("compiled definitions are taken too, unless there is a .ts of the same name", async () => {
  const tables = await loadDefinitions(new URL("./compiled/", import.meta.url));
  assert.deepEqual(
    tables.map(({ name }) => name),
    ["accounts", "ledger"],
  );
});

test("a file that exports no definition is refused by its name", async () => {
  await assert.rejects(
    loadDefinitions(new URL("./not-a-table/", import.meta.url)),
    /words\.ts: export the definition as `table`/,
  );
});

test("two tables can't have one name, nor the name of a table that rowpost owns", () => {
  assert.throws(() => registryOf([named("a"), named("a")]), /table a: two definitions/);
  assert.throws(() => registryOf([named("a"), named("A")]), /table A: two definitions/);
  for (const own of ["receipts", "dead_letters", "Receipts", "rowpost_anything", "mikro_orm_migrations"]) {
    assert.throws(() => registryOf([named(own)]), new RegExp(`table ${own}: rowpost owns this name`));
  }
});

test("the shipped tables take what their publishers send", () => {
  const accepts = (table: string, op: "upsert" | "insert", change: object) =>
    registry
      .get(table)
      ?.changes.get(op)
      ?.safeParse({ table, op, ...change });
  const toot = accepts("toots", "upsert", {
    key: { id: "112768765018265913" },
    set: {
      created_at: "2024-07-11T16:26:32.000Z",
      sensitive: false,
      tags: [{ name: "x" }],
      poll: null,
      language: "en",
    },
  });
  assert.equal(toot?.data?.key?.["id"], 112768765018265913n);
  assert.equal(toot?.data?.set?.["tags"], '[{"name":"x"}]');
  const build = {
    key: { link: "https://example.com/" },
    set: { lastBuildDate: "2024-07-11T16:26:32", language: "en-us" },
  };
  assert.equal(accepts("builds", "upsert", build)?.data?.set?.["lastBuildDate"], "2024-07-11 16:26:32");
  assert.equal(registry.get("builds")?.version?.name, "lastBuildDate");
  assert.equal(registry.get("feed")?.version?.name, "pubDate");
  assert.equal(
    accepts("feed", "upsert", { key: { guid: "g" }, set: { pubDate: "2024-07-11T16:26:32" } })?.success,
    true,
  );
  assert.equal(
    accepts("customers", "upsert", { key: { customerID: "c-42" }, set: { firstName: "Ada" } })?.success,
    true,
  );
  assert.equal(accepts("todos", "insert", { set: { description: "Water the plants" } })?.success, true);
  assert.equal(accepts("todos", "insert", { set: { completed: true } })?.success, false);
  const lists = ["filtered", "media_attachments", "mentions", "tags", "emojis"];
  for (const column of registry.get("toots")?.columns.values() ?? []) {
    if (column.kind === "json") {
      assert.equal(column.defaultValue, lists.includes(column.name) ? "[]" : null, column.name);
    }
  }
});

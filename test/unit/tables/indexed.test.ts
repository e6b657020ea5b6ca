import assert from "node:assert/strict";
import { test } from "node:test";
import { MikroORM, p } from "@mikro-orm/mysql";
import { defineTable } from "../../../src/tables/define-table.ts";

const n = p.integer();
const parent = defineTable({ name: "parents", columns: { id: n }, key: "id" });
const table = defineTable({
  name: "children",
  columns: {
    a: n,
    b: n,
    c: n,
    d: n,
    e: n,
    own: p.integer().index(),
    single: p.integer().unique(),
    parent: p.manyToOne(parent.entity).mapToPk(),
    free: n,
  },
  key: ["b", "a"],
  indexes: [
    { name: "i1", properties: ["c", "free"] },
    { name: "i2", expression: "create index `i2` on `children` ((`free` + 1))" },
  ],
  uniques: [
    { name: "u1", properties: "d" },
    { name: "u2", properties: ["e", "free"] },
  ],
});

test("rows are found by the first columns of the key, of indexes, unique indexes and foreign keys", () => {
  assert.deepEqual([...table.indexed].sort(), ["b", "c", "d", "e", "own", "parent", "single"]);
});

test("each of these columns begins an index of the table that a migration makes", async () => {
  const orm = new MikroORM({ entities: [parent.entity, table.entity], dbName: "x" });
  const sql = await orm.schema.getCreateSchemaSQL();
  for (const name of table.indexed) {
    assert.match(sql, new RegExp(`(key|index|unique) (\`\\w+\`)?\\s*\\(\`${name}\`[,)]`), `${name}: ${sql}`);
  }
});

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { p } from "@mikro-orm/mysql";
import { identifier, literal } from "../../../src/store/literal.ts";
import { notInCondition } from "../../../src/store/row-not-in.ts";
import { readRow, readRows } from "../../../src/store/row-read.ts";
import type { ColumnBuilder } from "../../../src/tables/discover.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Column, TableDefinition, Value, Values } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";

const n = () => p.integer().unsigned(false).default(0);
const keyed = (name: string, id: ColumnBuilder) => defineTable({ name, columns: { id, n: n() }, key: "id" });

/** A table for each type that a key may have, and values of it in the server's order. */
const KEYS: readonly (readonly [TableDefinition, readonly Value[]])[] = [
  [keyed("k_int", p.integer().unsigned(false).autoincrement(false)), [-2147483648, -1, 0, 7, 2147483647]],
  [
    keyed("k_bigint", p.bigint().unsigned().autoincrement(false)),
    [0n, 9007199254740993n, 9223372036854775807n, 9223372036854775808n, 18446744073709551615n],
  ],
  [
    keyed("k_decimal", p.decimal().precision(65).scale(30).unsigned(false)),
    [
      `-${"9".repeat(35)}.${"9".repeat(30)}`,
      `0.${"0".repeat(29)}1`,
      `0.${"0".repeat(29)}2`,
      `${"9".repeat(35)}.${"9".repeat(30)}`,
    ],
  ],
  [keyed("k_bool", p.type("boolean")), [false, true]],
  [
    keyed("k_bin", p.string().length(60)),
    ["", "A", "B", "a\t", "a", "a'\\\"", "aa", "é", "😀", "😀\u{10ffff}"],
  ],
  [keyed("k_ci", p.string().length(60).collation("utf8mb4_general_ci")), ["A", "b", "C", "é", "f", "ß", "z"]],
  [keyed("k_ascii", p.string().length(60).collation("ascii_bin")), ["A", "B", "a", "b"]],
  [keyed("k_varbinary", p.type("varbinary(8)")), ["", "AA==", "AAA=", "AAE=", "fw==", "gA==", "//8="]],
  [keyed("k_binary", p.type("binary(4)")), ["AAAAAA==", "AAAAAQ==", "gAAAAA==", "/////w=="]],
  [keyed("k_date", p.type("date")), ["1000-01-01", "2024-02-29", "9999-12-31"]],
  [
    keyed("k_datetime", p.datetime(6)),
    ["1000-01-01 00:00:00.000000", "2024-07-11 16:26:32.000001", "2024-07-11 16:26:32.000002"],
  ],
  [
    keyed("k_timestamp", p.datetime().columnType("timestamp(3)")),
    ["1970-01-01 00:00:01.000", "2024-03-31 01:30:00.000", "2038-01-19 03:14:07.999"],
  ],
  [
    keyed("k_time", p.type("time")),
    ["-838:59:59", "-01:00:00", "00:00:00", "09:00:00", "100:00:00", "838:59:59"],
  ],
  [keyed("k_year", p.type("year")), [1901, 1999, 2155]],
  [keyed("k_enum", p.enum(["z", "it's", "a\\b", "m"])), ["z", "it's", "a\\b", "m"]],
];

const triples = defineTable({
  name: "triples",
  columns: { size: p.enum(["small", "large"]), at: p.datetime(3), name: p.string().length(20), n: n() },
  key: ["size", "at", "name"],
});
const posts = defineTable({ name: "posts", columns: { guid: p.string().length(100) }, key: "guid" });
const shares = defineTable({
  name: "shares",
  columns: {
    id: p.integer().unsigned(false),
    source: p.string().length(100).nullable(),
    ascii: p.string().length(100).collation("ascii_general_ci").nullable(),
    number: p.bigint().unsigned().nullable(),
    ratio: p.type("float").nullable(),
    open: p.boolean().nullable(),
  },
  key: "id",
  indexes: [
    { name: "shares_source", properties: ["source", "number"] },
    { name: "shares_ascii", properties: "ascii" },
    { name: "shares_number", properties: "number" },
    { name: "shares_ratio", properties: "ratio" },
    { name: "shares_open", properties: "open" },
  ],
});

const store = await testStore(
  { after },
  registryOf([...KEYS.map(([table]) => table), triples, posts, shares]),
  4,
);
expectNoLeaks();

/** How each server's plan says that it looks up values in an index. */
function lookupIn(index: string): RegExp {
  return store.flavor === "mysql"
    ? new RegExp(`index lookup on other rows using ${index}`, "i")
    : new RegExp(`"access_type": "ref",\\s+"possible_keys": \\[[^\\]]*\\],\\s+"key": "${index}"`);
}

function column(table: TableDefinition, name: string): Column {
  return table.columns.get(name) as Column;
}

async function fill(table: TableDefinition, rows: readonly Values[]): Promise<void> {
  for (const row of rows) {
    const names = Object.keys(row);
    const values = names.map((name) => literal(column(table, name), row[name] ?? null, store.flavor));
    const list = names.map(identifier).join(",");
    await store.select(`INSERT INTO ${identifier(table.name)} (${list}) VALUES (${values.join(",")})`);
  }
}

/** All rows of a table, read in pages of this size. */
async function paged(table: TableDefinition, limit: number): Promise<Values[]> {
  const all: Values[] = [];
  for (let after: Value[] | undefined; ; ) {
    const { rows, more } = await readRows(store, table, { limit, after });
    all.push(...rows);
    const last = rows.at(-1);
    if (!more || last === undefined || all.length > 200) return all;
    after = table.key.map(({ name }) => last[name] ?? null);
  }
}

describe("pages of rows", () => {
  for (const [table, values] of KEYS) {
    it(`come in the order of the key, each row once: ${table.columns.get("id")?.sqlType} (${table.name})`, async () => {
      await fill(
        table,
        [...values].reverse().map((id) => ({ id })),
      );
      const ids = (rows: readonly Values[]) => rows.map(({ id }) => id);
      for (const limit of [1, 2, 1000]) assert.deepEqual(ids(await paged(table, limit)), values);
      for (const id of values) assert.deepEqual(await readRow(store, table, { id }), { id, n: 0 });
    });
  }

  it("follow a key of several columns", async () => {
    const rows = ["small", "large"].flatMap((size) =>
      ["2024-01-01 00:00:00.000", "2024-01-01 00:00:00.001"].flatMap((at) =>
        ["", "B", "a", "a,b", "~"].map((name, i) => ({ size, at, name, n: i })),
      ),
    );
    await fill(triples, [...rows].reverse());
    for (const limit of [1, 3, 7, 20]) assert.deepEqual(await paged(triples, limit), rows);
    assert.deepEqual(await readRow(store, triples, rows[12] as Values), rows[12]);
    const key = rows[12]?.at.replace(" 00", " 01");
    assert.equal(await readRow(store, triples, { ...(rows[12] as Values), at: key as string }), undefined);
  });
});

describe("a row by its key", () => {
  it("is found by just that text, whatever the key's collation takes for the same", async () => {
    const ci = KEYS.find(([{ name }]) => name === "k_ci")?.[0] as TableDefinition;
    const ascii = KEYS.find(([{ name }]) => name === "k_ascii")?.[0] as TableDefinition;
    assert.equal(await readRow(store, ci, { id: "a" }), undefined);
    assert.equal(await readRow(store, ci, { id: "A " }), undefined);
    assert.equal(await readRow(store, ascii, { id: "😀" }), undefined);
  });
});

describe("filters", () => {
  it("find values digit for digit and byte for byte, and NULL", async () => {
    await fill(shares, [
      { id: 1, source: "A", ascii: "x", number: 18446744073709551615n, ratio: Math.fround(0.1), open: true },
      { id: 2, source: "a", ascii: "X", number: null, ratio: 1e38, open: false },
      { id: 3, source: "a ", ascii: null, number: 0n, ratio: null, open: null },
    ]);
    await store.select("UPDATE shares SET open=2 WHERE id=1");
    const found = async (name: string, value: Value) =>
      (
        await readRows(store, shares, { limit: 10, equal: new Map([[column(shares, name), value]]) })
      ).rows.map(({ id }) => id);
    assert.deepEqual(await found("source", "a"), [2]);
    assert.deepEqual(await found("source", "a "), [3]);
    assert.deepEqual(await found("source", "' OR 1=1 -- "), []);
    assert.deepEqual(await found("ascii", "X"), [2]);
    assert.deepEqual(await found("ascii", "😀"), []);
    assert.deepEqual(await found("number", 18446744073709551615n), [1]);
    assert.deepEqual(await found("number", null), [2]);
    assert.deepEqual(await found("ratio", Math.fround(0.1)), [1]);
    assert.deepEqual(await found("ratio", Math.fround(1e38)), [2]);
    assert.deepEqual(await found("open", true), [1]);
    assert.deepEqual(await found("open", null), [3]);
  });
});

describe("notIn", () => {
  it("leaves out the rows whose key the other column holds, by the bytes and whatever the collations are", async () => {
    await fill(
      posts,
      ["A", "a", "b", "x", "é", "😀"].map((guid) => ({ guid })),
    );
    const left = async (name: string) => {
      const notIn = { table: shares, column: column(shares, name) };
      return (await readRows(store, posts, { limit: 10, notIn })).rows.map(({ guid }) => guid);
    };
    assert.deepEqual(await left("source"), ["b", "x", "é", "😀"]);
    assert.deepEqual(await left("ascii"), ["A", "a", "b", "é", "😀"]);
    const ids = await readRows(store, shares, {
      limit: 10,
      notIn: { table: shares, column: column(shares, "number") },
    });
    assert.deepEqual(
      ids.rows.map(({ id }) => id),
      [1, 2, 3],
    );
  });

  it("looks each key up in the other column's index", async () => {
    const letters = "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5)";
    const many = `SELECT 1000+a.n+6*b.n+36*c.n+216*d.n AS n FROM ${letters} a,${letters} b,${letters} c,${letters} d`;
    await store.select(`INSERT INTO posts SELECT CONCAT('post ',n) FROM (${many}) AS many`);
    await store.select(
      `INSERT INTO shares (id,source,ascii) SELECT n,CONCAT('post ',n),CONCAT('post ',n) FROM (${many}) AS many`,
    );
    await store.select("ANALYZE TABLE posts, shares");
    for (const name of ["source", "ascii"]) {
      const where = await notInCondition(store, posts, { table: shares, column: column(shares, name) });
      const plan = await store.select(
        `EXPLAIN FORMAT=JSON SELECT guid FROM posts WHERE ${where} ORDER BY guid LIMIT 2`,
      );
      const text = String(plan[0]?.["EXPLAIN"]);
      assert.doesNotMatch(text, /materialize/i);
      assert.match(text, lookupIn(`shares_${name}`));
    }
  });
});

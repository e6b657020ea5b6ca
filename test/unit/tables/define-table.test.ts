import assert from "node:assert/strict";
import { test } from "node:test";
import { MikroORM, p } from "@mikro-orm/mysql";
import { z } from "zod";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { TableDefinition } from "../../../src/tables/definition.ts";
import { columnOf } from "./column-of.ts";
import { table as accounts } from "./sixth/accounts.ts";

const id = p.integer();
const n = p.integer();

/** The definition with loose types, for what TypeScript would not let through. */
const loose = (options: Record<string, unknown>): TableDefinition => defineTable(options as never);

async function createSql(...tables: TableDefinition[]): Promise<string> {
  const orm = new MikroORM({ entities: tables.map((table) => table.entity), dbName: "x" });
  return orm.schema.getCreateSchemaSQL();
}

test("a column is called in the database as it is in messages", async () => {
  const columns = { customerID: p.string().length(9), lastBuildDate: p.datetime(), created_at: p.datetime() };
  const sql = await createSql(defineTable({ name: "Mixed_case", columns, key: "customerID" }));
  for (const name of ["`Mixed_case`", "`customerID`", "`lastBuildDate`", "`created_at`"]) {
    assert.ok(sql.includes(name), sql);
  }
});

test("every type that MikroORM can spell has a kind", () => {
  const kinds = {
    bigint: p.bigint(),
    "numeric(65,30)": p.decimal().precision(65).scale(30),
    "double precision": p.double(),
    "char(3)": p.character().length(3),
    "varchar(36)": p.uuid(),
    "varbinary(32)": p.string().columnType("varbinary(32)"),
    "timestamp(3)": p.datetime().columnType("timestamp(3)"),
    "enum('a','b')": p.enum(["a", "b"]),
    json: p.json(),
  };
  assert.deepEqual(
    Object.values(kinds).map((builder) => columnOf(builder).sqlType),
    [
      "bigint",
      "decimal(65,30)",
      "double",
      "char(3)",
      "varchar(36)",
      "varbinary(32)",
      "timestamp(3)",
      "enum('a','b')",
      "json",
    ],
  );
});

test("a column knows when an insert may leave it out, and what it then holds", () => {
  const cases = [
    [p.integer(), false, undefined],
    [p.integer().nullable(), true, null],
    [p.integer().default(5), true, 5],
    [p.bigint().default("9007199254740993"), true, 9007199254740993n],
    [p.decimal().precision(9).scale(2).default("1.5"), true, "1.50"],
    [p.boolean().default(false), true, false],
    [p.string().length(9).default("it's"), true, "it's"],
    [p.enum(["a", "b"]).default("b"), true, "b"],
    [p.datetime(3).default("2024-01-02 03:04:05"), true, "2024-01-02 03:04:05.000"],
    [p.datetime().defaultRaw("current_timestamp"), true, undefined],
    [p.json().defaultRaw("(json_array())"), true, "[]"],
    [p.json().defaultRaw("(json_object())"), true, "{}"],
    [p.json().default('{"b":1, "a":2}'), true, '{"a":2,"b":1}'],
    [p.json().default({ b: [1], a: "it's" } as unknown as string[]), true, '{"a":"it\'s","b":[1]}'],
    [p.integer().generated("(id + 1) stored"), true, undefined],
  ] as const;
  for (const [builder, optional, value] of cases) {
    const column = columnOf(builder);
    assert.equal(column.optional, optional, column.sqlType);
    assert.equal(column.defaultValue, value, column.sqlType);
  }
  assert.equal(accounts.columns.get("owner_key")?.generated, true);
  assert.equal(accounts.columns.get("owner_key")?.readOnly, true);
  assert.equal(accounts.columns.get("owner_key")?.nullable, true);
});

test("defaults and members with quotes are escaped in the migration", async () => {
  const columns = {
    id,
    s: p.string().length(9).default("it's \\"),
    m: p.type("mediumtext").default("x"),
    e: p.enum(["b'c"]),
    j: p.json().default([{ a: "it's \\" }] as unknown as string[]),
    o: p.json().default({ a: "it's" } as unknown as string[]),
  };
  const sql = await createSql(defineTable({ name: "t", columns, key: "id" }));
  assert.ok(sql.includes("default 'it''s \\\\'"), sql);
  assert.ok(sql.includes("mediumtext not null default ('x')"), sql);
  assert.ok(sql.includes("enum('b''c')"), sql);
  assert.ok(sql.includes(`json not null default ('[{"a":"it''s \\\\\\\\"}]')`), sql);
  assert.ok(sql.includes(`json not null default ('{"a":"it''s"}')`), sql);
});

test("a type that is written out keeps its length, digits, members and sign", async () => {
  const types = [
    "datetime(6)",
    "time(3)",
    "decimal(10,2)",
    "varchar(20)",
    "char(3)",
    "binary(16)",
    "enum('a','b''c')",
    "bigint unsigned",
  ];
  for (const type of types) {
    const table = defineTable({ name: "t", columns: { id, n: p.type(type) }, key: "id" });
    assert.equal(table.columns.get("n")?.sqlType, type);
    assert.ok((await createSql(table)).includes(`\`n\` ${type} not null`), await createSql(table));
  }
});

test("a key of text is equal only to itself", async () => {
  const table = defineTable({
    name: "t",
    columns: { a: p.string().length(9), b: p.string().length(9) },
    key: "a",
  });
  const sql = await createSql(table);
  assert.ok(sql.includes("`a` varchar(9) collate utf8mb4_bin not null"), sql);
  assert.ok(sql.includes("`b` varchar(9) not null"), sql);
});

test("a composite key keeps its declared order in the database", async () => {
  const columns = { b: p.bigint(), n, a: p.string().length(9) };
  const sql = await createSql(defineTable({ name: "t", columns, key: ["a", "b"] }));
  assert.ok(sql.includes("primary key (`a`, `b`)"), sql);
  assert.ok(!sql.includes("auto_increment"), sql);
});

test("only an integer that stands alone as the key counts itself up", () => {
  const isAuto = (table: TableDefinition) => table.key.map((column) => column.autoIncrement);
  assert.deepEqual(isAuto(defineTable({ name: "t", columns: { id }, key: "id" })), [true]);
  const given = { id: p.bigint().autoincrement(false) };
  assert.deepEqual(isAuto(defineTable({ name: "t", columns: given, key: "id" })), [false]);
  const decimal = { id: p.decimal().precision(9).scale(2) };
  assert.deepEqual(isAuto(defineTable({ name: "t", columns: decimal, key: "id" })), [false]);
  assert.deepEqual(isAuto(defineTable({ name: "t", columns: { id, n }, key: ["id", "n"] })), [false, false]);
});

test("a foreign key has the type and the collation of the key it names, and changes nothing behind an update's back", async () => {
  const parents = defineTable({ name: "parents", columns: { code: p.string().length(8) }, key: "code" });
  const numbers = defineTable({ name: "numbers", columns: { id: p.bigint() }, key: "id" });
  const columns = {
    id,
    parent: p.manyToOne(parents.entity).mapToPk().nullable(),
    number: p.manyToOne(numbers.entity).mapToPk(),
    only: p.oneToOne(numbers.entity).mapToPk().deleteRule("cascade"),
  };
  const table = defineTable({ name: "children", columns, key: "id" });
  assert.equal(table.columns.get("parent")?.sqlType, "varchar(8)");
  assert.equal(table.columns.get("number")?.sqlType, "bigint unsigned");
  assert.deepEqual(
    [...table.columns.values()].map((column) => column.constrained),
    [false, true, true, true],
  );
  const sql = await createSql(parents, numbers, table);
  assert.ok(sql.includes("`parent` varchar(8) collate utf8mb4_bin null"), sql);
  assert.match(
    sql,
    /foreign key \(`parent`\) references `parents` \(`code`\) on update restrict on delete restrict/,
  );
  assert.match(
    sql,
    /foreign key \(`only`\) references `numbers` \(`id`\) on update restrict on delete cascade/,
  );
});

test("the columns that the server judges are known", () => {
  const table = defineTable({
    name: "t",
    columns: {
      id,
      email: p.string().length(9),
      email_key: p.string().length(9).generated("(lower(`email`)) stored"),
      a: n,
      b: n,
      c: p.integer().unique(),
      d: p.integer().check("d > 0"),
      low: n,
      high: n,
      free: n,
    },
    key: "id",
    uniques: [{ properties: "email_key" }, { properties: ["a", "b"] }],
    checks: [{ expression: "`low` <= high" }],
  });
  const judged = [...table.columns.values()]
    .filter((column) => column.constrained)
    .map((column) => column.name);
  assert.deepEqual(judged, ["email", "email_key", "a", "b", "c", "d", "low", "high"]);
  assert.equal(table.hasChecks, true);
  assert.equal(accounts.hasChecks, false);
});

test("a column from which a unique one is computed, at any remove, is judged by the server", () => {
  const columns = {
    id,
    base: n,
    first: p.integer().generated("(`base` + 1) stored"),
    second: p.integer().generated("(`first` + 1) stored"),
    other: p.integer().generated("(`id` + 1) stored"),
  };
  const table = defineTable({ name: "t", columns, key: "id", uniques: [{ properties: "second" }] });
  const judged = [...table.columns.values()]
    .filter((column) => column.constrained)
    .map((column) => column.name);
  assert.deepEqual(judged, ["base", "first", "second"]);
});

test("a table takes the operations that it names, or all that make sense", () => {
  const columns = { id, n };
  const operations = (given: object) => [...loose({ name: "t", columns, key: "id", ...given }).operations];
  assert.deepEqual(operations({}), ["insert", "update", "upsert", "delete"]);
  assert.deepEqual(operations({ operations: ["delete", "insert"] }), ["insert", "delete"]);
  assert.deepEqual(operations({ columns: { id } }), ["insert", "upsert", "delete"]);
  const table = loose({ name: "t", columns, key: "id", operations: ["insert"] });
  assert.deepEqual([...table.changes.keys()], ["insert"]);
});

test("a definition that can't be meant is refused at import, by table and column", () => {
  const columns = { id, n };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ name: "" }, /table : "" can't be its name: MySQL takes 1 to 64 characters/],
    [{ name: "a " }, /"a " can't be its name: .*no space at the end/],
    [{ name: "a\u0000" }, /can't be its name/],
    [{ name: "\u{1f600}" }, /can't be its name: .*beyond U\+FFFF/],
    [{ name: "a\ue02eb" }, /U\+E02E is a character that rowpost keeps/],
    [{ name: "constructor" }, /"constructor" can't be its name: the name is reserved in JavaScript/],
    [{ columns: { id, ["__proto__"]: n } }, /table t, column "__proto__": the name is reserved/],
    [{ columns: { id, constructor: n } }, /table t, column "constructor": the name is reserved/],
    [{ columns: { id, prototype: n } }, /table t, column "prototype": the name is reserved/],
    [{ columns: { id, toString: n } }, /table t, column "toString": the name is reserved/],
    [{ columns: { id, "a b ": n } }, /column "a b ": MySQL takes 1 to 64 characters/],
    [{ columns: { id, "": n } }, /column "": MySQL takes 1 to 64 characters/],
    [{ columns: { id, ["x".repeat(65)]: n } }, /MySQL takes 1 to 64 characters/],
    [{ columns: { id, a: n, A: n } }, /letter case/],
    [{ columns: { id, n: 5 } }, /table t: column n is not one of MikroORM's property builders/],
    [{ columns: { id, n: p.integer().columnType("point") } }, /table t, column n: the type point is none of/],
    [{ columns: { id, n: p.type("set('a','')") } }, /column n: set\('a',''\) takes 1 to 64 members/],
    [{ columns: { id, n: p.type("set('a','A')") } }, /column n: set\('a','A'\) has members that MySQL takes/],
    [{ columns: { id, n: p.type("bit(65)") } }, /column n: bit\(65\) needs a length from 1 to 64/],
    [{ opaque: ["x"] }, /opaque names the column "x"/],
    [{ opaque: ["id"] }, /column id: a column of the key can't be opaque/],
    [{ version: "n", opaque: ["n"] }, /column n: the version column can't be opaque/],
    [
      { columns: { id, n, place: p.type("point") }, opaque: ["place"] },
      /column place: is NOT NULL without a default and no update can write it: leave insert and upsert/,
    ],
    [
      { foreignKeys: [{ columns: "x", references: { table: "t", columns: "id" } }] },
      /a foreign key names the column "x"/,
    ],
    [
      { foreignKeys: [{ columns: ["id", "n"], references: { table: "t", columns: "id" } }] },
      /table t: the foreign key over id, n must name as many columns as it refers to/,
    ],
    [
      { foreignKeys: [{ columns: "n", references: { table: "t", columns: "id" }, onDelete: "explode" }] },
      /table t: the foreign key over n can't explode; it is one of restrict/,
    ],
    [
      { foreignKeys: [{ name: "x".repeat(65), columns: "n", references: { table: "t", columns: "id" } }] },
      /needs a name of at most 64 characters/,
    ],
    [
      { columns: { id, n: p.string().length(20_000) } },
      /column n: varchar\(20000\) needs a length from 1 to 16383/,
    ],
    [
      { columns: { id, n: p.decimal().precision(66).scale(2) } },
      /column n: decimal\(66,2\) must have 1 to 65 digits/,
    ],
    [
      { columns: { id, n: p.datetime().columnType("datetime(7)") } },
      /column n: datetime\(7\) has 7 fraction digits/,
    ],
    [{ columns: { id, n: p.integer().default(2 ** 40) } }, /column n: its default must be between/],
    [{ columns: { id, n: p.enum(["a"]).default("b") } }, /column n: its default must be one of/],
    [{ columns: { id, n: p.integer().persist(false) } }, /column n: is not a plain column/],
    [{ columns: { id, n: p.integer().formula("1 + 1") } }, /column n: is not a plain column/],
    [{ columns: { id, n: p.manyToOne(accounts.entity) } }, /column n: is a relation: add \.mapToPk\(\)/],
    [{ key: [] }, /table t: the key has no columns/],
    [{ key: ["id", "id"] }, /names a column twice/],
    [{ key: "nope" }, /key names the column "nope"/],
    [{ columns: { id: p.integer().nullable(), n } }, /column id: a column of the key can't be nullable/],
    [{ columns: { id: p.json(), n } }, /column id: json can't be part of the key/],
    [{ columns: { id: p.double(), n } }, /column id: double can't be part of the key/],
    [{ columns: { id: p.float(), n } }, /column id: float can't be part of the key/],
    [{ columns: { id: p.text(), n } }, /column id: text can't be part of the key/],
    [{ columns: { id: p.blob(), n } }, /column id: blob can't be part of the key/],
    [
      { columns: { id: p.integer().generated("(n) stored"), n } },
      /column id: a generated column can't be part of the key/,
    ],
    [{ readOnly: ["id"] }, /column id: a column of the key can't be read-only/],
    [{ readOnly: ["n"] }, /column n: a read-only column needs a default/],
    [{ readOnly: ["x"] }, /readOnly names the column "x"/],
    [{ version: "x" }, /version names the column "x"/],
    [{ version: "id" }, /column id: the version column must be one that updates write/],
    [
      { version: "n", columns: { id, n: p.string().length(9) } },
      /column n: the version column must be a number or a time/,
    ],
    [{ version: "n", columns: { id, n: p.boolean() } }, /the version column must be a number or a time/],
    [{ rules: { x: z.any() } }, /rules names the column "x"/],
    [{ rules: { n: z.number().transform((value) => value + 1) } }, /column n: its rule changes the value/],
    [{ rules: { n: z.string().trim().nullable() } }, /column n: its rule changes the value/],
    [{ rules: { n: z.coerce.number() } }, /column n: its rule changes the value/],
    [{ indexes: [{ properties: "x" }] }, /an index names the column "x"/],
    [{ operations: [] }, /table t: the list of operations is empty/],
    [{ operations: ["merge"] }, /table t: "merge" is not an operation/],
    [{ operations: ["update"], columns: { id } }, /table t: no column can be updated/],
  ];
  for (const [options, message] of cases) {
    const define = () => loose({ name: "t", columns, key: "id", ...options });
    assert.throws(
      define,
      (error) => error instanceof TypeError && message.test(error.message),
      String(message),
    );
  }
});

test("a definition's names are checked by TypeScript", () => {
  const columns = { id, n: p.integer().nullable() };
  assert.throws(() => {
    // @ts-expect-error: no such column
    defineTable({ name: "t", columns, key: "nope" });
  });
  assert.throws(() => {
    // @ts-expect-error: no such column
    defineTable({ name: "t", columns, key: "id", version: "nope" });
  });
  assert.throws(() => {
    // @ts-expect-error: no such column
    defineTable({ name: "t", columns, key: "id", readOnly: ["nope"] });
  });
  assert.throws(() => {
    // @ts-expect-error: no such column
    defineTable({ name: "t", columns, key: "id", rules: { nope: z.any() } });
  });
  defineTable({
    name: "t",
    columns,
    key: ["id"],
    version: "n",
    readOnly: [],
    rules: { n: z.number().min(1) },
  });
});

test("the version column may be any number or time, which compares in its own order", () => {
  for (const builder of [
    p.integer(),
    p.bigint(),
    p.decimal().precision(9).scale(2),
    p.double(),
    p.date(),
    p.datetime(),
    p.time(),
  ]) {
    const table = defineTable({ name: "t", columns: { id, n: builder.nullable() }, key: "id", version: "n" });
    assert.equal(table.version?.name, "n");
    assert.equal(table.version?.compare(null, null), 0);
  }
});

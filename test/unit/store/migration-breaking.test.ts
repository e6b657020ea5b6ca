import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { createMigration } from "../../../src/store/migration-create.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { TableDefinition } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { migrationFolder } from "../../support/migrations.ts";

type Options = Parameters<typeof defineTable>[0];

const owners = defineTable({ name: "owners", columns: { id: p.integer() }, key: "id" });
const things = (columns: Options["columns"], more: Partial<Options> = {}) =>
  defineTable({ name: "things", columns: { id: p.integer(), ...columns }, key: "id", ...more } as Options);

/** The lines of `up` that are marked, as `why` by the statement below it. */
async function marks(t: TestContext, before: TableDefinition[], after: TableDefinition[]) {
  const folder = await migrationFolder(t);
  await createMigration(registryOf(before), { folder });
  const result = await createMigration(registryOf(after), { folder });
  assert(result.outcome === "created");
  const text = await readFile(result.path, "utf8");
  const up = text.slice(0, text.indexOf("override down"));
  const found = up.matchAll(/^ {4}\/\/ breaking: (.*)\n {4}this\.addSql\((?:\n *)?["'](.*)/gm);
  const marked = [...found].map(([, why = "", statement = ""]) => [why, statement] as const);
  assert.equal(text.match(/\/\/ breaking:/g)?.length ?? 0, marked.length, text);
  return { marked, notes: result.notes };
}

const name = () => p.string().length(20);

const EXPANDING: Readonly<Record<string, readonly [TableDefinition[], TableDefinition[]]>> = {
  "a table": [[owners], [owners, things({})]],
  "a table with a foreign key": [[owners], [owners, things({ owner: p.manyToOne(owners.entity).mapToPk() })]],
  "a nullable column": [[things({})], [things({ a: p.integer().nullable() })]],
  "a NOT NULL column with a default": [[things({})], [things({ a: p.integer().default(3) })]],
  "a generated column": [[things({})], [things({ a: p.integer().generated("(id * 2) stored") })]],
  "another expression of a generated column": [
    [things({ a: p.integer().generated("(id * 2) stored") })],
    [things({ a: p.integer().generated("(id * 3) stored") })],
  ],
  "an index": [
    [things({ a: name() })],
    [things({ a: name() }, { indexes: [{ name: "i", properties: ["a"] }] })],
  ],
  "an index away": [
    [things({ a: name() }, { uniques: [{ name: "u", properties: ["a"] }] })],
    [things({ a: name() })],
  ],
  "a check away": [[things({}, { checks: [{ name: "c", expression: "id > 0" }] })], [things({})]],
  "a longer text": [[things({ a: name() })], [things({ a: p.text() })]],
  "a wider integer": [[things({ a: p.smallint().unsigned(true) })], [things({ a: p.integer() })]],
  "more digits": [
    [things({ a: p.decimal().precision(10).scale(2) })],
    [things({ a: p.decimal().precision(12).scale(3) })],
  ],
  "an enum member more": [[things({ a: p.enum(["a", "b"]) })], [things({ a: p.enum(["b", "c", "a"]) })]],
  "NULL allowed": [[things({ a: name() })], [things({ a: name().nullable() })]],
  "a new default": [[things({ a: p.integer() })], [things({ a: p.integer().default(1) })]],
  "finer times": [[things({ a: p.datetime() })], [things({ a: p.datetime(6) })]],
};

test("what merely expands is not marked", async (t) => {
  for (const [what, [before, after]] of Object.entries(EXPANDING)) {
    const { marked, notes } = await marks(t, before, after);
    assert.deepEqual(marked, [], what);
    assert(!notes.some((note) => /breaking|pause/.test(note)), what);
  }
});

const a = (column: Options["columns"][string]) => [things({ a: column })];

const BREAKING: Readonly<
  Record<string, readonly [TableDefinition[], TableDefinition[], why: string, statement: RegExp]>
> = {
  "a table dropped": [
    [owners, ...a(name())],
    [owners],
    "older workers use table things",
    /^drop table if exists `things`/,
  ],
  "a column dropped": [
    a(name()),
    [things({})],
    "older workers use things.a",
    /^alter table `things` drop column `a`/,
  ],
  "a column renamed": [
    a(name()),
    [things({ b: name() })],
    "older workers use things.a, which is called b behind it",
    /^alter table `things` change `a` `b`/,
  ],
  "a NOT NULL column without a default": [
    [things({})],
    a(p.integer()),
    "older workers insert into things without a, which has no default",
    /^alter table `things` alter column `a` drop default/,
  ],
  "a default dropped": [
    a(p.integer().default(1)),
    a(p.integer()),
    "older workers insert into things without a",
    /modify `a` int not null/,
  ],
  "NULL no longer allowed": [
    a(name().nullable()),
    a(name()),
    "older workers may write NULL to things.a",
    /modify `a`/,
  ],
  "a shorter text": [
    a(p.text()),
    a(name()),
    "older workers write things.a as text",
    /modify `a` varchar\(20\)/,
  ],
  "a narrower integer": [
    a(p.integer()),
    a(p.integer().unsigned(true)),
    "older workers write things.a as int",
    /modify `a` int unsigned/,
  ],
  "another kind of type": [
    a(p.integer()),
    a(name()),
    "older workers write things.a as int",
    /modify `a` varchar/,
  ],
  "an enum member less": [
    a(p.enum(["a", "b"])),
    a(p.enum(["a"])),
    "older workers write things.a as enum('a','b')",
    /modify `a` enum/,
  ],
  "coarser times": [
    a(p.datetime(6)),
    a(p.datetime(3)),
    "older workers write things.a as datetime(6)",
    /modify `a` datetime\(3\)/,
  ],
  "a unique index": [
    a(name()),
    [things({ a: name() }, { uniques: [{ name: "u", properties: ["a"] }] })],
    "older workers know nothing of unique index u",
    /^alter table `things` add unique `u`/,
  ],
  "a foreign key": [
    [owners, ...a(p.integer().unsigned(true))],
    [owners, things({ a: p.manyToOne(owners.entity).mapToPk().name("a") })],
    "older workers know nothing of foreign key things_a_foreign",
    /add constraint `things_a_foreign` foreign key/,
  ],
  "a check": [
    a(name()),
    [things({ a: name() }, { checks: [{ name: "c", expression: "id > 0" }] })],
    "older workers know nothing of check c",
    /add constraint `c` check/,
  ],
  "another collation in a unique index": [
    [things({ a: name().collation("utf8mb4_bin") }, { uniques: [{ name: "u", properties: ["a"] }] })],
    [things({ a: name().collation("utf8mb4_general_ci") }, { uniques: [{ name: "u", properties: ["a"] }] })],
    "older workers compare things.a otherwise",
    /modify `a`/,
  ],
};

test("what workers of the old version cannot live with is marked at its statement, and noted", async (t) => {
  for (const [what, [before, after, why, statement]] of Object.entries(BREAKING)) {
    const { marked, notes } = await marks(t, before, after);
    assert.deepEqual(
      marked.map(([said]) => said),
      [why],
      what,
    );
    assert.match(marked[0]?.[1] ?? "", statement, what);
    assert(notes.includes(`breaking: ${why}`), `${what}: ${notes}`);
    assert.match(notes.at(-1) ?? "", /^workers that do not know this migration pause/, what);
  }
});

test("another key is marked", async (t) => {
  const table = (key: "id" | "a") =>
    defineTable({ name: "things", columns: { id: p.integer(), a: p.integer() }, key });
  const { marked } = await marks(t, [table("id")], [table("a")]);
  assert(
    marked.some(([why]) => why === "older workers find rows of things by another key"),
    String(marked),
  );
});

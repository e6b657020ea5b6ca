import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { migrateUp } from "../../../src/store/migrate.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import { migrationPlan } from "../../../src/store/migration-files.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder } from "../../support/migrations.ts";
import { database, type TestDatabase } from "../../support/servers.ts";

expectNoLeaks();

type Options = Parameters<typeof defineTable>[0];

const owners = defineTable({ name: "owners", columns: { id: p.bigint() }, key: "id" });
const things = (columns: Options["columns"], more: Partial<Options> = {}): Registry =>
  registryOf([
    owners,
    defineTable({ name: "things", columns: { id: p.integer(), ...columns }, key: "id", ...more } as Options),
  ]);
const name = (length: number) => p.string().length(length);
const members = (n: number) => Array.from({ length: n }, (_, i) => `m${i}`);

/** What is said of a change, by what the table is before and after it. */
const CHANGES: readonly (readonly [Registry, Registry, "copies" | "rebuilds" | undefined])[] = [
  [things({}), things({ a: p.integer().nullable() }), undefined],
  [things({}), things({ a: p.integer() }), undefined],
  [things({}), things({ a: p.datetime(6).defaultRaw("current_timestamp(6)") }), undefined],
  [things({}), things({ a: p.text() }), "copies"],
  [things({}), things({ a: p.json().default([]) }), "copies"],
  [
    things({ b: p.integer() }),
    things({ b: p.integer(), a: p.integer().generated("(b * 2) stored") }),
    "copies",
  ],
  [
    things({ b: p.integer() }),
    things({ b: p.integer(), a: p.integer().generated("(b * 2) virtual") }),
    undefined,
  ],
  [things({ a: name(20) }), things({}), undefined],
  [things({ a: name(20) }), things({ b: name(20) }), undefined],
  [things({ a: name(20) }), things({ a: name(63) }), undefined],
  [things({ a: name(20) }), things({ a: name(64) }), "copies"],
  [things({ a: name(64) }), things({ a: name(1000) }), undefined],
  [things({ a: name(20) }), things({ a: name(19) }), "copies"],
  [things({ a: name(20) }), things({ a: p.text() }), "copies"],
  [things({ a: p.integer() }), things({ a: p.bigint() }), "copies"],
  [things({ a: p.integer() }), things({ a: p.integer().unsigned(true) }), "copies"],
  [things({ a: p.datetime() }), things({ a: p.datetime(3) }), "copies"],
  [things({ a: p.enum(members(2)) }), things({ a: p.enum(members(3)) }), undefined],
  [things({ a: p.enum(members(2)) }), things({ a: p.enum(members(2).reverse()) }), "copies"],
  [things({ a: p.enum(members(255)) }), things({ a: p.enum(members(256)) }), "copies"],
  [things({ a: p.integer() }), things({ a: p.integer().default(1) }), undefined],
  [things({ a: p.integer() }), things({ a: p.integer().nullable() }), "rebuilds"],
  [things({ a: p.integer().nullable() }), things({ a: p.integer() }), "rebuilds"],
  [
    things({ a: name(9) }),
    things({ a: name(9) }, { indexes: [{ name: "i", properties: ["a"] }] }),
    undefined,
  ],
  [
    things({ a: name(9) }),
    things({ a: name(9) }, { uniques: [{ name: "i", properties: ["a"] }] }),
    undefined,
  ],
  [
    things({ a: name(9) }),
    things({ a: name(9) }, { checks: [{ name: "c", expression: "a <> 'x'" }] }),
    "copies",
  ],
  [things({ a: p.bigint() }), things({ a: p.manyToOne(owners.entity).mapToPk().name("a") }), "copies"],
];

test("what a migration's notes say of copies and rebuilds is what MySQL does", async (t) => {
  const server = await database(t);
  if (server.flavor === "mariadb") return t.skip("the notes are of MySQL");
  for (const [before, after, expected] of CHANGES) {
    const { statements, notes, store } = await change(t, server, before, after);
    const noted = /^MySQL (copies|rebuilds)/m.exec(notes.join("\n"))?.[1];
    const what = statements.join("; ");
    assert.equal(noted, expected, what);
    const ddl = statements.filter((statement) => statement.startsWith("alter"));
    let heaviest: Cost;
    for (const statement of ddl) heaviest = heavier(heaviest, await costOf(server, statement));
    assert.equal(heaviest, expected, `${what}: what the server says`);
    await store.close();
    await server.query("DROP TABLE things, owners, receipts, dead_letters, rowpost_migrations");
  }
});

async function change(t: TestContext, server: TestDatabase, before: Registry, after: Registry) {
  const folder = await migrationFolder(t);
  await createMigration(before, { folder });
  const store = await openStore(server, before, 2);
  t.after(() => store.close());
  await migrateUp(store, { folder });
  const created = await createMigration(after, { folder });
  assert(created.outcome === "created");
  const { statements } = await migrationPlan(store.orm, created, "up");
  return { statements, notes: created.notes, store };
}

type Cost = "copies" | "rebuilds" | undefined;

function heavier(a: Cost, b: Cost): Cost {
  if (a === "copies" || b === "copies") return "copies";
  return a ?? b;
}

/**
 * Runs the statement in the cheapest way that the server takes. A rebuild in place and an index in place are told apart by
 * what they do to the table's id.
 */
async function costOf(server: TestDatabase, statement: string): Promise<Cost> {
  const before = await tableId(server);
  for (const way of ["ALGORITHM=INSTANT", "ALGORITHM=INPLACE, LOCK=NONE"]) {
    try {
      await server.query(`${statement}, ${way}`);
      return (await tableId(server)) === before ? undefined : "rebuilds";
    } catch (error) {
      const { errno } = error as { errno?: number };
      assert([1845, 1846].includes(errno ?? 0), String(error));
    }
  }
  await server.query(`${statement}, ALGORITHM=COPY`);
  return "copies";
}

async function tableId(server: TestDatabase): Promise<string> {
  const [row] = await server.query(
    `SELECT table_id AS id FROM information_schema.innodb_tables WHERE name = '${server.name}/things'`,
  );
  return String(row?.["id"]);
}

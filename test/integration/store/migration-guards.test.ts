import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { migrateDown, migrateUp } from "../../../src/store/migrate.ts";
import { checkMigrations, isInOrder } from "../../../src/store/migration-check.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import { migrationStatus } from "../../../src/store/migration-status.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder } from "../../support/migrations.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

type Options = Parameters<typeof defineTable>[0];
type Columns = Options["columns"];

const owners = defineTable({ name: "owners", columns: { id: p.integer() }, key: "id" });
const things = (columns: Columns, more: Partial<Options> = {}): Registry =>
  registryOf([
    owners,
    defineTable({ name: "things", columns: { id: p.integer(), ...columns }, key: "id", ...more } as Options),
  ]);

interface Case {
  readonly before: Registry;
  readonly after: Registry;
  /** Rows of things, of which some stand in the way. */
  readonly rows: string;
  readonly said: string;
  /** Takes them out of the way. */
  readonly cure: string;
}

const name = (length: number) => p.string().length(length);
const unique = { uniques: [{ name: "u", properties: ["a"] }] } as Partial<Options>;

const CASES: Readonly<Record<string, Case>> = {
  "a shorter text": {
    before: things({ a: name(20) }),
    after: things({ a: name(10) }),
    rows: "(1, '12345678901'), (2, 'ääääääääää')",
    said: "1 in the way: rows whose things.a does not fit varchar(10) as it is",
    cure: "UPDATE things SET a = '' WHERE id = 1",
  },
  "a text column to a string": {
    before: things({ a: p.text() }),
    after: things({ a: name(3) }),
    rows: "(1, 'four'), (2, 'five')",
    said: "2 in the way: rows whose things.a does not fit varchar(3) as it is",
    cure: "UPDATE things SET a = 'x'",
  },
  "a narrower integer": {
    before: things({ a: p.bigint().unsigned(true) }),
    after: things({ a: p.integer() }),
    rows: "(1, 2147483648), (2, 2147483647), (3, 18446744073709551615)",
    said: "2 in the way: rows whose things.a does not fit int as it is",
    cure: "UPDATE things SET a = 1 WHERE id <> 2",
  },
  "fewer digits, which the server would round away": {
    before: things({ a: p.decimal().precision(10).scale(2) }),
    after: things({ a: p.decimal().precision(10).scale(1) }),
    rows: "(1, 1.25), (2, 1.20), (3, -99999999.99)",
    said: "2 in the way: rows whose things.a does not fit numeric(10,1) as it is",
    cure: "UPDATE things SET a = 1",
  },
  "coarser times, which the server would round away": {
    before: things({ a: p.datetime(6) }),
    after: things({ a: p.datetime(3) }),
    rows: "(1, '2026-01-01 00:00:00.000001'), (2, '2026-01-01 00:00:00.001')",
    said: "1 in the way: rows whose things.a does not fit datetime(3) as it is",
    cure: "DELETE FROM things WHERE id = 1",
  },
  "enum members less": {
    before: things({ a: p.enum(["it's", "b", "c\\"]) }),
    after: things({ a: p.enum(["it's", "c\\"]) }),
    rows: "(1, 'b'), (2, 'it''s'), (3, 'c\\\\')",
    said: "1 in the way: rows whose things.a does not fit enum('it''s','c\\\\') as it is",
    cure: "UPDATE things SET a = 'c\\\\' WHERE id = 1",
  },
  "a unique index": {
    before: things({ a: name(5).nullable() }),
    after: things({ a: name(5).nullable() }, unique),
    rows: "(1, 'x'), (2, 'x'), (3, NULL), (4, NULL), (5, 'y')",
    said: "1 in the way: values of things (a) that more than one row holds, and unique index u takes each value once",
    cure: "DELETE FROM things WHERE id = 1",
  },
  "a unique index on a new column that is filled": {
    before: things({}),
    after: things({ a: p.integer().unique() }),
    rows: "(1), (2)",
    said: "2 in the way: more than one row would get the same things (a), and unique index things_a_unique takes each value once",
    cure: "DELETE FROM things WHERE id = 1",
  },
  "a foreign key": {
    before: things({ a: p.integer().unsigned(true).nullable() }),
    after: things({ a: p.manyToOne(owners.entity).mapToPk().name("a").nullable() }),
    rows: "(1, 7), (2, 8), (3, NULL)",
    said: "2 in the way: rows of things (a) that refer to no row of owners",
    cure: "INSERT INTO owners VALUES (7), (8)",
  },
  "a check": {
    before: things({ a: p.integer().nullable() }),
    after: things(
      { a: p.integer().nullable() },
      { checks: [{ name: "positive", expression: "a > 0 and a < 9" }] },
    ),
    rows: "(1, 0), (2, NULL), (3, 1)",
    said: "1 in the way: rows of things that check positive refuses",
    cure: "UPDATE things SET a = 1 WHERE id = 1",
  },
  "NOT NULL with another type": {
    before: things({ a: p.integer().nullable() }),
    after: things({ a: p.bigint() }),
    rows: "(1, NULL), (2, 1)",
    said: "1 in the way: rows without things.a, which becomes NOT NULL",
    cure: "UPDATE things SET a = 0 WHERE id = 1",
  },
};

for (const [what, { before, after, rows, said, cure }] of Object.entries(CASES)) {
  test(`${what}: rows in the way are counted before anything runs, and once they are gone it runs`, async (t) => {
    const server = await database(t);
    const folder = await migrationFolder(t);
    await createMigration(before, { folder });
    await using store = await openStore(server, after, 2);
    await migrateUp(store, { folder });
    await server.query(`INSERT INTO things VALUES ${rows}`);
    const shape = await server.query("SHOW CREATE TABLE things");
    const created = await createMigration(after, { folder });
    assert(created.outcome === "created");

    const stopped = await migrateUp(store, { folder });
    assert(stopped.outcome === "failed", JSON.stringify(stopped));
    assert.equal(stopped.failure.reason, said);
    assert.deepEqual([stopped.failure.step, stopped.failure.kind], [1, "refused"]);
    assert.deepEqual(await server.query("SHOW CREATE TABLE things"), shape, "nothing has run");
    const status = await migrationStatus(store, folder);
    assert.equal(status.at(-1)?.state, "pending");

    await server.query(cure);
    assert.deepEqual(await migrateUp(store, { folder }), { outcome: "done", ran: [created.name] });
    const check = await checkMigrations(store, folder);
    assert(isInOrder(check), JSON.stringify(check));
    assert.equal((await migrateDown(store, { steps: 1 }, { folder })).outcome, "done");
  });
}

test("taking a wider type back is guarded, too", async (t) => {
  const server = await database(t);
  const folder = await migrationFolder(t);
  await createMigration(things({ a: name(5) }), { folder });
  await createMigration(things({ a: name(10) }), { folder });
  await using store = await openStore(server, things({ a: name(10) }), 2);
  await migrateUp(store, { folder });
  await server.query("INSERT INTO things VALUES (1, '1234567')");
  const stopped = await migrateDown(store, { steps: 1 }, { folder });
  assert(stopped.outcome === "failed");
  assert.equal(stopped.failure.reason, "1 in the way: rows whose things.a does not fit varchar(5) as it is");
  assert.equal((await migrationStatus(store, folder)).at(-1)?.state, "executed");
});

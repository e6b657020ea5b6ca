import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { applyBatch } from "../../../src/apply/batch.ts";
import { migrateUp } from "../../../src/store/migrate.ts";
import { checkMigrations } from "../../../src/store/migration-check.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { readRow } from "../../../src/store/row-read.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Registry, TableDefinition } from "../../../src/tables/definition.ts";
import { printSchemas } from "../../../src/messages/print-schemas.ts";
import { AWKWARD, AWKWARD_TABLE, AWKWARD_TABLES } from "../../support/awkward.ts";
import { definitionFolder, importInto, registryIn, runUnchecked, textsIn } from "../../support/import.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder } from "../../support/migrations.ts";
import { SAKILA } from "../../support/sakila.ts";
import { database, type TestDatabase } from "../../support/servers.ts";
import { change, decoded } from "../../support/updates.ts";

expectNoLeaks();

const IN_ORDER = { missing: [], pending: [], unknown: [], drift: [] };

/** The tables of some statements, imported. */
async function imported(t: TestContext, statements: readonly string[]) {
  const server = await database(t);
  await runUnchecked(server, statements);
  const folder = await definitionFolder(t);
  const finished = await importInto(folder, server);
  return { server, folder, finished };
}

async function open(t: TestContext, server: TestDatabase, registry: Registry): Promise<Store> {
  const store = await openStore(server, registry, 2);
  t.after(async () => store.close());
  return store;
}

/** Everything that what was imported has to be worth: the same tables again, from nothing but the definitions. */
async function expectRoundTrip(t: TestContext, server: TestDatabase, folder: string) {
  const registry = await registryIn(folder);
  const migrations = await migrationFolder(t);
  await createMigration(new Map(), { folder: migrations, name: "own tables" });
  const created = await createMigration(registry, { folder: migrations, name: "all", baseline: true });
  assert.equal(created.outcome, "created", JSON.stringify(created));

  const copy = await database(t);
  const copied = await open(t, copy, registry);
  const up = await migrateUp(copied, { folder: migrations });
  assert.equal(up.outcome, "done", JSON.stringify(up));
  assert.deepEqual(await checkMigrations(copied, migrations), IN_ORDER);

  const original = await open(t, server, registry);
  const recorded: string[] = [];
  const observe = (event: { kind: string }) => void recorded.push(event.kind);
  const again = await migrateUp(original, { folder: migrations, observe });
  assert.equal(again.outcome, "done", JSON.stringify(again));
  assert.equal(recorded.at(-1), "recorded");
  assert.deepEqual(await checkMigrations(original, migrations), IN_ORDER);

  const secondFolder = await definitionFolder(t);
  const second = await importInto(secondFolder, copy);
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(await textsIn(secondFolder), await textsIn(folder));
  return { registry, original, copied };
}

test("Sakila's 16 tables become definitions, and the definitions Sakila's tables", async (t) => {
  const { server, folder, finished } = await imported(t, SAKILA);
  assert.equal(finished.code, 0, finished.stderr);
  const texts = await textsIn(folder);
  assert.equal(texts.size, 16);
  assert.match(texts.get("film-actor.ts") ?? "", /key: \["actor_id", "film_id"\]/);
  assert.match(
    texts.get("address.ts") ?? "",
    /operations: \["update", "delete"\],\n {2}opaque: \["location"\]/,
  );
  const { copied, registry } = await expectRoundTrip(t, server, folder);
  await changeRows(copied, registry);
});

/** Rows that refer to each other; `address` takes them from SQL only. */
const ROWS = [
  "SET foreign_key_checks = 0",
  "INSERT INTO country (country_id, country) VALUES (1, 'Spain')",
  "INSERT INTO city (city_id, city, country_id) VALUES (1, 'Vigo', 1)",
  `INSERT INTO address (address_id, address, district, city_id, phone, location, last_update)
   VALUES (1, 'a', 'd', 1, '1', ST_GeomFromText('POINT(1 2)'), '2001-01-01 00:00:00')`,
  "INSERT INTO language (language_id, name) VALUES (1, 'English')",
  "INSERT INTO staff (staff_id, first_name, last_name, address_id, store_id, username) VALUES (1, 'M', 'H', 1, 1, 'm')",
  "INSERT INTO store (store_id, manager_staff_id, address_id) VALUES (1, 1, 1)",
];

async function changeRows(store: Store, registry: Registry): Promise<void> {
  await store.transaction(async (tx) => {
    for (const statement of ROWS) await tx.run(statement);
    await tx.run("SET foreign_key_checks = 1");
  });
  const table = (name: string) => registry.get(name) as TableDefinition;
  const apply = async (...changes: ReturnType<typeof change>[]) => {
    const result = await applyBatch(
      store,
      changes.map((one, i) => decoded(`${Math.random()}-${i}`, one)),
    );
    assert(result.committed, JSON.stringify(result));
    return result.settlements.map((one) =>
      one.outcome === "rejected" ? `${one.rejection.code} ${one.rejection.index ?? ""}` : one.outcome,
    );
  };
  const film = {
    title: "A",
    language_id: 1,
    special_features: "Commentaries,Trailers,Trailers",
    release_year: 2006,
  };
  assert.deepEqual(
    await apply(
      change(table("film"), "insert", { key: { film_id: 1 }, set: film }),
      change(table("film"), "update", {
        key: { film_id: 1 },
        set: { rating: "PG-13" },
        add: { rental_rate: "0.01" },
      }),
      change(table("film"), "update", {
        key: { film_id: 1 },
        set: { special_features: "Trailers,Commentaries" },
      }),
      change(table("film"), "insert", { key: { film_id: 2 }, set: { title: "B", language_id: 9 } }),
      change(table("store"), "update", { key: { store_id: 1 }, set: { manager_staff_id: 7 } }),
      change(table("staff"), "update", { key: { staff_id: 1 }, set: { picture: "AAE=", active: false } }),
      change(table("staff"), "delete", { key: { staff_id: 1 } }),
      change(table("address"), "update", { key: { address_id: 1 }, set: { phone: "2" } }),
      change(table("address"), "update", { key: { address_id: 9 }, set: { phone: "2" } }),
      change(table("payment"), "insert", {
        set: { customer_id: 5, staff_id: 1, amount: "1.50", payment_date: "2024-01-02T03:04:05Z" },
      }),
    ),
    [
      "applied",
      "applied",
      "unchanged",
      "foreign_key fk_film_language",
      "foreign_key fk_store_staff",
      "applied",
      "foreign_key fk_store_staff",
      "applied",
      "row_missing ",
      "foreign_key fk_payment_customer",
    ],
  );
  const row = await readRow(store, table("film"), { film_id: 1 });
  assert.equal(row?.["special_features"], "Trailers,Commentaries");
  assert.equal(row?.["rental_rate"], "5.00");
  const [address] = await store.select("SELECT ST_AsText(location) AS at, last_update, phone FROM address");
  assert.equal(address?.["at"], "POINT(1 2)");
  assert.equal(address?.["phone"], "2");
  assert.notEqual(address?.["last_update"], "2001-01-01 00:00:00");
}

/** Every type, default, key and check in a spelling that the servers print differently. */
const SHAPES = [
  `CREATE TABLE zoo (
    a INT(5) UNSIGNED ZEROFILL NOT NULL DEFAULT 7,
    b BIT(3) DEFAULT b'101',
    c VARCHAR(20) NOT NULL DEFAULT 'it''s \\\\ "x"\\n?',
    d DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    e JSON DEFAULT (json_array()),
    f VARCHAR(10) CHARACTER SET latin1 NOT NULL DEFAULT (concat('a','b''c')),
    g INT UNSIGNED GENERATED ALWAYS AS (a * 2) STORED,
    h VARCHAR(50) AS (concat(c, 'it''s')) VIRTUAL,
    i DOUBLE DEFAULT 1.5,
    j FLOAT,
    k DECIMAL(5,2) UNSIGNED DEFAULT 0,
    l TINYINT(1) DEFAULT 1,
    m BINARY(4) DEFAULT 'ab',
    n VARBINARY(5),
    o TIME(2) DEFAULT '10:11:12',
    p YEAR DEFAULT 2001,
    q ENUM('a''b','c,d','e"f','g\\\\h') NOT NULL DEFAULT 'c,d' COMMENT 'it''s "a" comment */',
    r DATE DEFAULT '2020-02-03',
    s MEDIUMTEXT,
    t TEXT DEFAULT ('a''b'),
    u BIGINT DEFAULT 9223372036854775807,
    v DOUBLE UNSIGNED,
    w FLOAT(7,2) DEFAULT 1,
    x SET('a','b c') DEFAULT 'b c',
    y TINYINT(1) UNSIGNED,
    z INT INVISIBLE DEFAULT 3,
    ab DATETIME DEFAULT '2020-02-03 04:05:06',
    ac JSON,
    ad VARCHAR(36) NOT NULL DEFAULT (uuid()),
    ae CHAR(3) COLLATE utf8mb4_bin,
    PRIMARY KEY (c, a),
    UNIQUE KEY u1 (k, l),
    KEY pre (c(5), i DESC),
    CONSTRAINT ck CHECK (l in (0,1) and c <> 'it''s'),
    CHECK (i > 0)
  ) COMMENT 'It''s a "zoo"'`,
  `CREATE TABLE node (
    id BIGINT NOT NULL, part CHAR(2) COLLATE utf8mb4_bin NOT NULL, up_id BIGINT, up_part CHAR(2) COLLATE utf8mb4_bin,
    PRIMARY KEY (id, part),
    CONSTRAINT node_up FOREIGN KEY (up_id, up_part) REFERENCES node (id, part) ON DELETE CASCADE)`,
  `CREATE TABLE counted (id INT NOT NULL AUTO_INCREMENT, part INT NOT NULL, PRIMARY KEY (id, part))`,
];

test("every shape of a column, key and check round-trips", async (t) => {
  const { server, folder, finished } = await imported(t, SHAPES);
  assert.equal(finished.code, 0, finished.stderr);
  const { registry } = await expectRoundTrip(t, server, folder);
  const zoo = registry.get("zoo");
  assert.deepEqual([...(zoo?.opaque.keys() ?? [])], ["w"]);
  assert.deepEqual([...(registry.get("node")?.cascadesFrom ?? [])], ["node"]);
  assert.equal(registry.get("counted")?.columns.get("id")?.autoIncrement, true);
  assert.equal(zoo?.columns.get("t")?.defaultValue, "a'b");
});

test("what can't be imported is named with its reason, and the rest is imported", async (t) => {
  const { folder, finished } = await imported(t, [
    "CREATE TABLE good (id INT PRIMARY KEY)",
    "CREATE VIEW seen AS SELECT id FROM good",
    "CREATE TABLE keyless (id INT)",
    "CREATE TABLE prefixed (a TEXT, PRIMARY KEY (a(10)))",
    "CREATE TABLE inexact (a DOUBLE PRIMARY KEY)",
    "CREATE TABLE old (id INT PRIMARY KEY) ENGINE = MyISAM",
    "CREATE TABLE objects (id INT PRIMARY KEY, constructor INT)",
    "CREATE TABLE late (a INT PRIMARY KEY, n INT NOT NULL AUTO_INCREMENT, UNIQUE (n))",
    "CREATE TABLE receipts (id INT PRIMARY KEY)",
  ]);
  assert.equal(finished.code, 1);
  assert.deepEqual([...(await textsIn(folder)).keys()], ["good.ts"]);
  const reasons: readonly RegExp[] = [
    /^left out inexact: table inexact, column a: double can't be part of the key/m,
    /^left out keyless: it has no primary key of whole columns$/m,
    /^left out late: its column n counts itself up and does not begin the primary key$/m,
    /^left out objects: its column "constructor" can't be in a definition: the name is reserved in JavaScript/m,
    /^left out old: its engine is MyISAM, and only InnoDB has transactions$/m,
    /^left out prefixed: it has no primary key of whole columns$/m,
    /^left out seen: it is a view, and only tables hold rows$/m,
  ];
  for (const reason of reasons) assert.match(finished.stderr, reason);
  assert.equal(finished.stderr.trim().split("\n").length, reasons.length, finished.stderr);
});

test("a definition that is there is not overwritten, unless that is asked for", async (t) => {
  const { server, folder } = await imported(t, ["CREATE TABLE one (id INT PRIMARY KEY)"]);
  const before = await textsIn(folder);
  await writeFile(join(folder, "one.ts"), `${before.get("one.ts")}// mine\n`);
  const again = await importInto(folder, server);
  assert.deepEqual([again.code, again.stdout], [0, "every table has its definition already\n"]);
  const named = await importInto(folder, server, "one", "two", "receipts");
  assert.equal(named.code, 1);
  assert.match(named.stderr, /^left out one: one\.ts defines it already; --force writes that anew$/m);
  assert.match(named.stderr, /^left out two: there is no such table in the database$/m);
  assert.match(named.stderr, /^left out receipts: rowpost owns this table$/m);
  assert.match((await textsIn(folder)).get("one.ts") ?? "", /\/\/ mine\n$/);
  const dry = await importInto(folder, server, "one", "--force", "--dry-run");
  assert.equal(dry.code, 0, dry.stderr);
  assert(dry.stdout.includes(before.get("one.ts") ?? "?"));
  assert.match((await textsIn(folder)).get("one.ts") ?? "", /\/\/ mine\n$/);
  const forced = await importInto(folder, server, "one", "--force");
  assert.match(forced.stdout, /^rewrote .*one\.ts$/m);
  assert.deepEqual(await textsIn(folder), before);
});

test("names that MySQL takes in quotes only go all the way", async (t) => {
  const { server, folder, finished } = await imported(t, AWKWARD_TABLES);
  assert.equal(finished.code, 0, finished.stderr);
  const { registry, copied } = await expectRoundTrip(t, server, folder);
  const orders = registry.get(AWKWARD_TABLE) as TableDefinition;
  const refers = registry.get("ref-er.s") as TableDefinition;
  const values = (text: string) => Object.fromEntries(AWKWARD.map((name, i) => [name, `${text}${i}`]));
  const key = { "i.d": "k/1" };
  const batch = (...changes: ReturnType<typeof change>[]) =>
    applyBatch(
      copied,
      changes.map((one) => decoded(`${Math.random()}`, one)),
    );
  const outcomes = async (...changes: ReturnType<typeof change>[]) => {
    const result = await batch(...changes);
    assert(result.committed, String((result as { error?: unknown }).error));
    return result.settlements;
  };
  const plain = (settlements: Awaited<ReturnType<typeof outcomes>>) =>
    settlements.map(({ outcome }) => outcome);
  assert.deepEqual(
    plain(
      await outcomes(
        change(orders, "insert", { key, set: values("a") }),
        change(refers, "upsert", { key: { "i d": 1 }, set: { "or.der": "k/1" } }),
        change(orders, "upsert", { key: { "i.d": "k 2" }, set: { "quo'te": "second" } }),
      ),
    ),
    ["applied", "applied", "applied"],
  );
  assert.deepEqual(await readRow(copied, orders, key), { ...key, ...values("a"), "gen.erated": "a6." });
  assert.deepEqual(
    plain(
      await outcomes(
        change(orders, "update", { key, set: values("b"), expect: values("a") }),
        change(orders, "update", { key, set: values("b") }),
      ),
    ),
    ["applied", "unchanged"],
  );
  const refused = await outcomes(
    change(orders, "update", { key, expect: { "sl/ash": "x" }, set: { "til~de": "y" } }),
    change(orders, "update", { key, set: { "quo'te": "second" } }),
    change(orders, "update", { key, set: { "back`tick": "it's" } }),
    change(refers, "update", { key: { "i d": 1 }, set: { "or.der": "nobody" } }),
  );
  assert.deepEqual(
    refused.map((one) =>
      one.outcome === "rejected"
        ? [one.rejection.code, one.rejection.pointer, one.rejection.index]
        : [one.outcome],
    ),
    [
      ["expectation_failed", "/expect/sl~1ash", undefined],
      ["unique_conflict", "", "u.'n`i q"],
      ["check_failed", "", "ch'e.ck `x`"],
      ["foreign_key", "/set/or.der", "f.k `'x"],
    ],
  );
  // the server itself takes the reference away; in one batch, what follows sees it
  assert.deepEqual(
    plain(
      await outcomes(
        change(orders, "delete", { key }),
        change(refers, "update", { key: { "i d": 1 }, set: { "or.der": null } }),
        change(refers, "update", { key: { "i d": 1 }, expect: { "or.der": null }, set: { "or.der": "k 2" } }),
      ),
    ),
    ["applied", "unchanged", "applied"],
  );
  const schemas = printSchemas(registry, 100);
  assert(schemas.has("tables/Ord.er `s`%2F%25%3F%23'%22é, {x}.schema.json"), [...schemas.keys()].join("\n"));
});

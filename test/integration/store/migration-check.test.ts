import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { migrateUp } from "../../../src/store/migrate.ts";
import { checkMigrations, isInOrder } from "../../../src/store/migration-check.ts";
import { createMigration } from "../../../src/store/migration-create.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder } from "../../support/migrations.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

const owners = defineTable({ name: "owners", columns: { id: p.bigint() }, key: "id" });

/** A table in which a person could break each thing that matters. */
const cats = defineTable({
  name: "cats",
  columns: {
    tag: p.string().length(20),
    owner: p.manyToOne(owners.entity).mapToPk(),
    name: p.string().length(50).default('it\'s (a) "cat"'),
    lives: p.tinyint().unsigned(true).default(9),
    weight: p.decimal().precision(10).scale(2).nullable(),
    born: p.datetime(6).defaultRaw("current_timestamp(6)"),
    toys: p.json().defaultRaw(`('[{"a":"b"}]')`),
    tricks: p.json().default(["it's \\"]),
    mood: p.enum(["good", "it's bad"]).default("good"),
    length: p.type("decimal(5,1) unsigned").nullable(),
    fed: p.type("time(3)").nullable(),
    eyes: p.type("enum('green','it''s blue')").nullable(),
    double: p.integer().generated("(lives * 2) stored"),
    called: p.string().length(60).generated("(concat(name, 'it''s, a (cat)')) virtual"),
    second: p.manyToOne(owners.entity).mapToPk().name("second").nullable(),
    watched: p.datetime(3).defaultRaw("current_timestamp(3)").extra("on update current_timestamp(3)"),
  },
  key: "tag",
  uniques: [{ name: "cats_owner_name", properties: ["owner", "name"] }],
  indexes: [{ name: "cats_born", properties: ["born"] }],
  checks: [
    { name: "cats_lives", expression: "lives <= 9" },
    { name: "cats_mood", expression: "mood <> 'it''s bad' or lives = 9" },
  ],
});

async function migrated(t: TestContext, tables: Registry = registryOf([owners, cats])) {
  const server = await database(t);
  const folder = await migrationFolder(t);
  await createMigration(tables, { folder });
  const store = await openStore(server, tables, 2);
  t.after(() => store.close());
  const result = await migrateUp(store, { folder });
  assert.equal(result.outcome, "done", JSON.stringify(result));
  return { server, folder, store };
}

test("a changed definition without a migration is found, with the statements that are missing", async (t) => {
  const { server, folder } = await migrated(t, registryOf([owners]));
  const changed = defineTable({
    name: "owners",
    columns: { id: p.bigint(), name: p.string().length(20).nullable() },
    key: "id",
  });
  await using store = await openStore(server, registryOf([changed]), 2);
  const check = await checkMigrations(store, folder);
  assert.deepEqual(check, {
    missing: ["alter table `owners` add `name` varchar(20) null"],
    pending: [],
    unknown: [],
    drift: undefined,
  });
  assert(!isInOrder(check));
});

/** What a person may do to the live tables, and what is then said. MariaDB prints display widths and JSON as longtext. */
const DRIFTS: readonly (readonly [sql: string, said: RegExp])[] = [
  ["DROP TABLE dead_letters", /^table dead_letters is missing$/],
  ["ALTER TABLE cats DROP COLUMN weight", /^cats\.weight is missing, should be decimal\(10,2\) null$/],
  [
    "ALTER TABLE cats MODIFY weight DECIMAL(8,2)",
    /^cats\.weight is decimal\(8,2\) null, should be decimal\(10,2\) null$/,
  ],
  [
    "ALTER TABLE cats MODIFY lives TINYINT NOT NULL DEFAULT 9",
    /^cats\.lives is tinyint(\(4\))? not null default 9, should be tinyint(\(3\))? unsigned not null default 9$/,
  ],
  [
    "ALTER TABLE cats ALTER COLUMN lives SET DEFAULT 7",
    /^cats\.lives is .* default 7, should be .* default 9$/,
  ],
  [
    "ALTER TABLE cats MODIFY mood ENUM('good', 'it''s bad') DEFAULT 'good'",
    /^cats\.mood is .* null default good, should/,
  ],
  [
    "ALTER TABLE cats MODIFY mood ENUM('good') NOT NULL DEFAULT 'good'",
    /^cats\.mood is enum\('good'\) utf8mb4 not null/,
  ],
  [
    "ALTER TABLE cats MODIFY born DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP",
    /^cats\.born is datetime not null/,
  ],
  [
    "ALTER TABLE cats MODIFY name VARCHAR(50) CHARACTER SET latin1 NOT NULL DEFAULT ''",
    /^cats\.name is varchar\(50\) latin1/,
  ],
  [
    "ALTER TABLE cats MODIFY tag VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL",
    /^cats\.tag is varchar\(20\) utf8mb4_general_ci not null, should be varchar\(20\) utf8mb4_bin not null$/,
  ],
  [
    "ALTER TABLE cats ALTER COLUMN toys DROP DEFAULT",
    /^cats\.toys is .* not null, should be .* not null default /,
  ],
  [
    "ALTER TABLE receipts MODIFY id BIGINT NOT NULL AUTO_INCREMENT",
    /^receipts\.id is bigint(\(20\))? not null auto_increment/,
  ],
  [
    "ALTER TABLE receipts MODIFY id BIGINT UNSIGNED NOT NULL",
    /^receipts\.id is .* not null, should be .* auto_increment$/,
  ],
  [
    "ALTER TABLE receipts DROP INDEX receipts_key",
    /^receipts: index receipts_key is missing, should be unique \(key_id\)$/,
  ],
  ["ALTER TABLE cats DROP INDEX cats_born", /^cats: index cats_born is missing, should be index \(born\)$/],
  [
    "ALTER TABLE receipts DROP INDEX receipts_key, ADD INDEX receipts_key (key_id)",
    /^receipts: index receipts_key is index \(key_id\), should be unique \(key_id\)$/,
  ],
  ["ALTER TABLE cats DROP PRIMARY KEY", /^cats: index PRIMARY is missing, should be unique \(tag\)$/],
  [
    "ALTER TABLE cats ADD UNIQUE mine (weight)",
    /^cats: the unique index mine on \(weight\) is in no definition$/,
  ],
  [
    "ALTER TABLE cats ADD extra INT NOT NULL",
    /^cats\.extra is in no definition, and NOT NULL without a default/,
  ],
  ["ALTER TABLE cats DROP CONSTRAINT cats_lives", /^cats: constraint cats_lives is missing$/],
  [
    "ALTER TABLE cats DROP CONSTRAINT cats_mood, ADD CONSTRAINT cats_mood CHECK (mood <> 'it''s worse')",
    /^cats: check cats_mood is \(?`mood` <> 'it's worse'\)?, should be \(*`mood` <> 'it's bad'\)? or \(?`lives` = 9\)*$/,
  ],
  [
    "ALTER TABLE cats DROP COLUMN `double`, ADD `double` INT GENERATED ALWAYS AS (lives * 3) STORED",
    /^cats\.double is generated as \(?`lives` \* 3\)? stored, should be \(?`lives` \* 2\)? stored$/,
  ],
  [
    "ALTER TABLE cats DROP COLUMN `called`, ADD `called` VARCHAR(60) GENERATED ALWAYS AS (CONCAT(name, '!')) VIRTUAL",
    /^cats\.called is generated as .* virtual, should be .* virtual$/,
  ],
  [
    "ALTER TABLE cats DROP FOREIGN KEY cats_second_foreign; ALTER TABLE cats ADD CONSTRAINT cats_second_foreign FOREIGN KEY (second) REFERENCES owners (id) ON DELETE CASCADE",
    /^cats: foreign key cats_second_foreign is \(second\) references owners \(id\) on update restrict on delete cascade, should be \(second\) references owners \(id\) on update restrict on delete restrict$/,
  ],
  [
    "ALTER TABLE cats MODIFY watched DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)",
    /^cats\.watched is datetime\(3\) not null default current_timestamp\(3\), should be .* on update current_timestamp\(3\)$/i,
  ],
  [
    "ALTER TABLE cats DROP FOREIGN KEY cats_owner_foreign",
    /^cats: constraint cats_owner_foreign is missing$/,
  ],
];

test("what someone changed in the live tables by hand is found", async (t) => {
  for (const drifts of apart(DRIFTS)) {
    const { server, folder, store } = await migrated(t);
    assert.deepEqual((await checkMigrations(store, folder)).drift, []);
    for (const [sql] of drifts) for (const one of sql.split("; ")) await server.query(one);
    const check = await checkMigrations(store, folder);
    for (const [sql, said] of drifts) {
      const about = check.drift?.filter((sentence) => said.test(sentence));
      assert.equal(about?.length, 1, `${sql}: ${JSON.stringify(check.drift)}`);
    }
    assert.equal(check.drift?.length, drifts.length, JSON.stringify(check.drift));
    assert(!isInOrder(check));
  }
});

/** Rounds in which no two statements are about the same column or index. */
function apart(drifts: typeof DRIFTS): (typeof DRIFTS)[] {
  const about = ([sql]: (typeof DRIFTS)[number]) =>
    /\b(weight|lives|mood|name|tag|PRIMARY|receipts)\b/.exec(sql)?.[1]?.replace("PRIMARY", "tag") ?? sql;
  const rounds: (typeof DRIFTS)[] = [];
  for (const drift of drifts) {
    const free = rounds.findIndex((round) => round.every((other) => about(other) !== about(drift)));
    if (free < 0) rounds.push([drift]);
    else rounds[free] = [...(rounds[free] ?? []), drift];
  }
  return rounds;
}

test("what changes no update is no difference", async (t) => {
  const { server, folder, store } = await migrated(t);
  await server.query("CREATE TABLE theirs (id INT)");
  await server.query(
    "ALTER TABLE cats ADD note TEXT, ADD seen INT NOT NULL DEFAULT 0, ADD INDEX theirs (weight)",
  );
  await server.query(
    "ALTER TABLE cats ADD id2 BIGINT NOT NULL AUTO_INCREMENT, ADD INDEX id2 (id2), COMMENT 'ours'",
  );
  await server.query("ALTER TABLE cats MODIFY weight DECIMAL(10,2) FIRST");
  await server.query("INSERT INTO owners VALUES (1)");
  await server.query("INSERT INTO cats (tag, owner) VALUES ('a', 1)");
  assert.deepEqual(await checkMigrations(store, folder), {
    missing: [],
    pending: [],
    unknown: [],
    drift: [],
  });
  const tables = await server.query("SHOW TABLES LIKE 'rowpost\\_check%'");
  assert.deepEqual(tables, [], "the check leaves nothing behind");
});

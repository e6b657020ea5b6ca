import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { MikroORM } from "@mikro-orm/mysql";
import { migrationPlan, migrationStatements } from "../../../src/store/migration-files.ts";
import { migrationSource } from "../../../src/store/migration-source.ts";
import { migrationFolder } from "../../support/migrations.ts";

const ROOT = join(import.meta.dirname, "../../..");

const STATEMENTS = [
  "drop table `a`",
  "create table `short` (`id` int not null) engine = InnoDB",
  `create table \`long\` (${Array.from({ length: 12 }, (_, i) => `\`c${i}\` decimal(20,2) not null`).join(", ")}, primary key (\`c0\`, \`c1\`)) engine = InnoDB`,
  `create table \`quotes\` (\`j\` json not null default ('{"a":1,"b":"x"}'), \`e\` enum('it''s','(',')',',') not null, \`d\` varchar(20) default 'back\\\\slash') engine = InnoDB`,
  `alter table \`t\` add \`j\` json not null default ('{"a":1}'), add \`n\` numeric(10,2) not null default 0, drop column \`x\`, drop column \`y\``,
  "alter table `a_table_with_a_long_name` add unique `an_index_with_a_name_just_as_long` (`one_column`, `two`)",
  "update `t` set `text` = 'é 😀 \" \\n' where `text` is null and `other` = 'something that makes this line rather long'",
  `insert into t values ("double", "quotes", "more than single")`,
  `insert into t values ('${"a".repeat(120)}')`,
  "insert into t values ('two\nlines')",
  "select count(*) as rows_in_the_way, 'rows whose t.e does not fit enum(\\'it\\'\\'s\\',\\'b\\') as it is' as because from `t` where `e` not in ('it''s', 'b')",
];

test("a migration's file is laid out as the formatter does, and gives back its statements", async (t) => {
  const folder = await migrationFolder(t);
  const path = join(folder, "20260101000000-x.ts");
  const text = migrationSource({
    className: "X",
    about: ["Says */ this."],
    up: STATEMENTS,
    down: STATEMENTS.slice(1, 3),
  });
  await writeFile(path, text);
  await format(path);
  assert.equal(text, await readFile(path, "utf8"));
  const orm = new MikroORM({ entities: [], dbName: "x", discovery: { warnWhenNoEntities: false } });
  const file = { name: "20260101000000-x", path };
  assert.deepEqual(await migrationStatements(orm, file, "up"), STATEMENTS);
  assert.deepEqual(await migrationStatements(orm, file, "down"), STATEMENTS.slice(1, 3));
});

test("a migration without statements is laid out too", async (t) => {
  const path = join(await migrationFolder(t), "20260101000000-blank.ts");
  const text = migrationSource({ className: "Blank", about: ["Nothing yet."], up: [], down: [] });
  await writeFile(path, text);
  await format(path);
  assert.equal(text, await readFile(path, "utf8"));
});

test("a `// breaking:` line stands above its statement, and is read back from `up` alone", async (t) => {
  const path = join(await migrationFolder(t), "20260101000000-x.ts");
  const [first = "", second = ""] = STATEMENTS;
  const up = [
    { sql: first, breaking: "it's\n gone" },
    { sql: second, breaking: undefined },
    { sql: first, breaking: "also this" },
    { sql: second, breaking: "also this" },
  ];
  const text = migrationSource({
    className: "X",
    about: ["Mere words: // breaking: no."],
    up,
    down: [first],
  });
  await writeFile(path, text.replace("override down(): void {", "$&\n    // breaking: not of down"));
  assert.match(text, /^ {4}\/\/ breaking: it's gone\n {4}this\.addSql\("drop table `a`"\);$/m);
  const orm = new MikroORM({ entities: [], dbName: "x", discovery: { warnWhenNoEntities: false } });
  const file = { name: "20260101000000-x", path };
  const plan = await migrationPlan(orm, file, "up");
  assert.deepEqual(plan, {
    statements: up.map(({ sql }) => sql),
    breaking: "it's gone; also this",
  });
  assert.equal((await migrationPlan(orm, file, "down")).breaking, undefined);
});

async function format(path: string): Promise<void> {
  const biome = join(ROOT, "node_modules/.bin/biome");
  await promisify(execFile)(biome, ["format", "--write", "--vcs-enabled=false", path], { cwd: ROOT });
}

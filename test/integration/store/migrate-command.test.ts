import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { CommanderError } from "commander";
import { type CliContext, CliError } from "../../../src/cli/context.ts";
import { migrateCommand } from "../../../src/cli/migrate.ts";
import { readConfig } from "../../../src/config.ts";
import { MIGRATIONS_FOLDER } from "../../../src/store/migration-files.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { registry, registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { migrationFolder, writeMigration } from "../../support/migrations.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

interface Answer {
  readonly code: number;
  readonly text: string;
}

/** `rowpost migrate …` on a database and a folder of its own: the exit code, and all that a person reads. */
async function terminal(t: TestContext) {
  const server = await database(t);
  const folder = await migrationFolder(t);
  const read = readConfig(server.environment);
  assert("config" in read && read.config !== undefined);
  const { config } = read;
  const migrate = async (args: string, tables: Registry = registry): Promise<Answer> => {
    const stdout = new PassThrough();
    let code = 0;
    const context: CliContext = {
      stdin: new PassThrough(),
      stdout,
      stderr: stdout,
      signal: new AbortController().signal,
      emulatorHost: undefined,
      config: () => config,
      exitCode: (set) => {
        code = set;
      },
    };
    const command = migrateCommand(context, { tables: async () => tables, folder });
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: (text) => stdout.write(text) });
    }
    try {
      await command.parseAsync(args.split(" "), { from: "user" });
    } catch (error) {
      assert(error instanceof CliError || error instanceof CommanderError, error as Error);
      code = error.exitCode;
      stdout.write(error.message);
    }
    return { code, text: String(stdout.read() ?? "") };
  };
  return { server, folder, migrate };
}

test("a person creates, runs, lists, checks and takes back migrations", async (t) => {
  const { migrate } = await terminal(t);
  const created = await migrate("create first");
  assert.match(
    created.text,
    /^created \.rowpost\/migrations-.*\/\d{14}-first\.ts\n.*`rowpost migrate up` runs it/s,
  );
  assert.deepEqual((await migrate("create")).code, 1);
  assert.match((await migrate("status")).text, /^pending {25}\d{14}-first\n$/);
  const pending = await migrate("check");
  assert.equal(pending.code, 1);
  assert.match(
    pending.text,
    /^definitions: all in the migrations\nmigrations: 1 pending .*\n  \d{14}-first\ntables: not/,
  );
  const up = await migrate("up");
  assert.equal(up.code, 0);
  assert.match(up.text, /^up \d{14}-first: \d+ statements\n  1 create table .*\n  done in \d+\.\d s\n$/s);
  assert.deepEqual(await migrate("up"), { code: 0, text: "nothing pending\n" });
  assert.match(
    (await migrate("status")).text,
    /^executed {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\d{14}-first {2}\d+\.\d s, by \S+@\S+ on \S+, rowpost \d+\.\d+\.\d+\n$/,
  );
  const [row] = JSON.parse((await migrate("status --json")).text) as Record<string, unknown>[];
  assert.equal(row?.["state"], "executed");
  assert.equal(row?.["breaking"], null, "what is absent is there as null");
  assert.deepEqual(JSON.parse((await migrate("check --json")).text), {
    inOrder: true,
    missing: [],
    pending: [],
    unknown: [],
    drift: [],
  });
  assert.deepEqual(await migrate("check"), {
    code: 0,
    text: "definitions: all in the migrations\nmigrations: all executed\ntables: as the definitions say\n",
  });
  assert.match((await migrate("down")).text, /^down \d{14}-first: \d+ statements\n/);
  assert.deepEqual(await migrate("down --all"), { code: 0, text: "nothing to take back\n" });
});

test("`down` takes one migration back, `--to` all behind one, `--all` all", async (t) => {
  const { migrate, folder } = await terminal(t);
  for (const name of ["1-a", "2-b", "3-c", "4-d"]) {
    const table = name.slice(2);
    await writeMigration(
      folder,
      name,
      [`create table ${table} (id int primary key)`],
      [`drop table ${table}`],
    );
  }
  const states = async () => (await migrate("status")).text.match(/pending|executed/g)?.join(" ");
  await migrate("up --to 3-c");
  assert.equal(await states(), "executed executed executed pending");
  await migrate("down");
  assert.equal(await states(), "executed executed pending pending");
  await migrate("up");
  await migrate("down --to 2-b");
  assert.equal(await states(), "executed executed pending pending");
  await migrate("down --all");
  assert.equal(await states(), "pending pending pending pending");
  assert.equal((await migrate("down --all --to 1-a")).code, 1);
  assert.deepEqual(await migrate("up --to 9-z"), { code: 1, text: "there is no migration 9-z" });
  assert.equal((await migrate("up --wait forever")).code, 1);
});

test("a failure says which statement of which migration, why, what stays, and what to do", async (t) => {
  const { migrate, folder } = await terminal(t);
  await writeMigration(folder, "1-a", [
    "create table a (id int)",
    "insert into a values (1), (1)",
    "alter table a add unique u (id)",
  ]);
  const { code, text } = await migrate("up");
  assert.equal(code, 1);
  const lines = text.split("\n").slice(4);
  assert.match(
    lines[0] ?? "",
    /^up of 1-a at statement 3 of 3 failed: Duplicate entry '1' for key '.*' \(error 1062\)$/,
  );
  assert.equal(lines[1], "  alter table a add unique u (id)");
  assert.equal(lines[2], "Behind it lie 2 statements of this migration that took effect and stay.");
  assert.match(
    lines[3] ?? "",
    /^Remove the cause, or correct this statement in \.rowpost\/.*\/1-a\.ts, then run `rowpost migrate up` again: it goes on at this statement\.$/,
  );
  assert.match((await migrate("status")).text, /^half done {2}2 statements/);
});

test("`status` says what is breaking, and what an older version has not recorded", async (t) => {
  const { migrate, folder, server } = await terminal(t);
  await writeMigration(folder, "1-a", [
    "create table a (n int, m int)",
    { sql: "alter table a drop column n", breaking: "older workers write a.n" },
  ]);
  await migrate("up");
  assert.match((await migrate("status")).text, /^executed .*\n {2}breaking: older workers write a\.n\n$/);
  await server.query("UPDATE rowpost_migrations SET run_by=NULL, host=NULL, version=NULL, took_ms=NULL");
  assert.match((await migrate("status")).text, /1-a {2}by whom and how long was not recorded\n/);
});

test("`--folder` names another place than rowpost's own", async (t) => {
  const { migrate } = await terminal(t);
  const other = await migrationFolder(t);
  await writeMigration(other, "1-elsewhere", ["create table a (n int)"]);
  assert.match((await migrate(`up --folder ${other}`)).text, /^up 1-elsewhere/);
  assert.match((await migrate(`status --folder ${other}`)).text, /^executed .*1-elsewhere/);
  assert.match((await migrate("status")).text, /^no file .*1-elsewhere/);
});

test("`check` names what a changed definition asks for, and what someone did by hand", async (t) => {
  const { migrate, folder, server } = await terminal(t);
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  await migrate("up");
  const pets = defineTable({ name: "pets", columns: { id: p.integer() }, key: "id" });
  const changed = await migrate("check", registryOf([...registry.values(), pets]));
  assert.equal(changed.code, 1);
  assert.match(changed.text, /^definitions: 1 in no migration .*\n  create table `pets` /);
  await server.query("ALTER TABLE todos DROP COLUMN due_date");
  const drifted = await migrate("check");
  assert.equal(drifted.code, 1);
  assert.match(
    drifted.text,
    /^tables: 1 unlike the definitions .*\n  todos\.due_date is missing, should be datetime null$/m,
  );
});

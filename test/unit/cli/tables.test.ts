import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { tablesCommand } from "../../../src/cli/tables.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { runCommand } from "../../support/run-command.ts";
import { accounts, badges, counters, notes, people } from "../../support/tables.ts";

const shelves = defineTable({
  name: "shelves",
  columns: {
    hall: p.string().length(10),
    place: p.integer().unsigned(false),
    label: p.string().length(40).default("none"),
    tags: p.json().defaultRaw("(json_array())"),
    width: p.decimal().precision(65).scale(30).nullable(),
    area: p.integer().generated("(place * 2) stored").nullable(),
    owner: p.string().length(20).nullable(),
  },
  key: ["hall", "place"],
  operations: ["insert", "update"],
  readOnly: ["owner"],
});
const registry = registryOf([accounts, badges, counters, notes, people, shelves]);

const tables = (args: readonly string[], folder = "none") =>
  runCommand((context) => tablesCommand(context, async () => registry, folder), args, { environment: {} });

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-schemas-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test("the tables are listed with what names a row, what may be done, and what orders changes", async () => {
  const { code, stdout } = await tables(["list"]);
  assert.equal(code, 0);
  assert.match(stdout, /^TABLE {5}KEY {10}OPERATIONS {19}VERSION {2}COLUMNS\n/);
  assert.match(stdout, /\ncounters {2}id {11}insert,update,upsert,delete {2}at {13}4\n/);
  assert.match(stdout, /\nshelves {3}hall,place {3}insert,update {16}– {14}7\n/);
});

test("a table is shown with every column's type, default and what a publisher must know", async () => {
  const { stdout } = await tables(["show", "shelves"]);
  const lines = stdout.split("\n").map((line) => line.replace(/ {2,}/g, " | "));
  assert.deepEqual(lines, [
    "table | shelves",
    "key | hall, place",
    "operations | insert, update",
    "version | none: changes apply in the order in which they come",
    "",
    "COLUMN | TYPE | NULL | DEFAULT | NOTES",
    "hall | varchar(10) | no | – | key",
    "place | int | no | – | key",
    'label | varchar(40) | no | "none"',
    "tags | json | no | []",
    "width | decimal(65,30) | yes | NULL | add",
    "area | int | yes | – | generated",
    "owner | varchar(20) | yes | NULL | read-only",
    "",
  ]);
  assert.match(
    (await tables(["show", "notes"])).stdout,
    /id .* key, numbered by the server\nbody .* required by insert\n/,
  );
  assert.match((await tables(["show", "counters"])).stdout, /\nversion {5}at\n.*\nat .* version\n/s);
});

test("a table that is not there is told with the one that was probably meant", async () => {
  const near = await tables(["show", "shelfs"]);
  assert.deepEqual(
    [near.code, near.stderr],
    [1, "rowpost: there is no table shelfs; did you mean shelves?\n"],
  );
  assert.match(
    (await tables(["show", "\u001b[2J"])).stderr,
    /there is no table \\u001b\[2J; `rowpost tables list`/,
  );
});

test("the printed contract is written, checked, and its drift named file by file", async (t) => {
  const folder = await folderOf(t);
  const missing = await tables(["schemas", "--check"], folder);
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /^missing schemas\/update\.schema\.json\n/);
  assert.deepEqual(await readdir(folder), []);
  const written = await tables(["schemas"], folder);
  assert.equal(written.code, 0);
  assert.match(
    written.stdout,
    /\ncreated schemas\/tables\/shelves\.schema\.json\ncreated schemas\/openapi\.json\n$/,
  );
  assert.deepEqual(await tables(["schemas", "--check"], folder), {
    code: 0,
    stdout: "schemas/ is up to date\n",
    stderr: "",
  });
  const file = join(folder, "tables/shelves.schema.json");
  await writeFile(file, `${await readFile(file, "utf8")}\n`);
  await writeFile(join(folder, "tables/gone.schema.json"), "{}");
  const drift = await tables(["schemas", "--check"], folder);
  assert.equal(drift.code, 1);
  assert.equal(
    drift.stdout,
    "outdated schemas/tables/shelves.schema.json\nleft over schemas/tables/gone.schema.json\n",
  );
  assert.equal(drift.stderr, "rowpost: schemas/ is out of date: `npm run schemas` writes it\n");
  const mended = await tables(["schemas"], folder);
  assert.equal(
    mended.stdout,
    "updated schemas/tables/shelves.schema.json\nremoved schemas/tables/gone.schema.json\n",
  );
  assert.equal((await tables(["schemas", "--check"], folder)).code, 0);
});

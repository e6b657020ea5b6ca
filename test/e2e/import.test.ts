import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AWKWARD_TABLES } from "../support/awkward.ts";
import { runUnchecked, textsIn } from "../support/import.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { SAKILA } from "../support/sakila.ts";
import { database } from "../support/servers.ts";

expectNoLeaks();

const ROOT = join(import.meta.dirname, "../..");
const PARTS = [
  "src",
  "migrations",
  "schemas",
  "package.json",
  "biome.json",
  ".oxlintrc.json",
  "tsconfig.json",
];

interface Ended {
  readonly code: number;
  readonly text: string;
}

/** A copy of the project with nothing but what it needs to run, and a way to run programs in it. */
async function copyOfProject(t: TestContext, environment: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-copy-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const run = (...args: readonly string[]): Promise<Ended> =>
    new Promise((done) => {
      const options = { cwd: folder, env: { PATH: process.env["PATH"], ...environment } };
      execFile(process.execPath, args, options, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
      });
    });
  const rowpost = (...args: readonly string[]) => run("src/cli.ts", ...args);
  return { folder, run, rowpost };
}

const done = ({ code, text }: Ended) => assert.equal(code, 0, text);

test("a project that imports a database goes on as if its tables had been written by hand", async (t) => {
  const server = await database(t);
  await runUnchecked(server, [...SAKILA, ...AWKWARD_TABLES]);
  const { folder, run, rowpost } = await copyOfProject(t, server.environment);
  const imported = await rowpost("tables", "import");
  done(imported);
  assert.equal(imported.text.match(/^created src\/tables\/definitions\//gm)?.length, 18, imported.text);
  const bin = (program: string) => join("node_modules", program);
  done(await run(bin("typescript/bin/tsc"), "-p", "."));
  done(await run(bin("oxlint/bin/oxlint"), "--type-aware", "src/tables/definitions"));
  done(await run(bin("@biomejs/biome/bin/biome"), "format", "--vcs-enabled=false", "src/tables/definitions"));

  const list = await rowpost("tables", "list");
  done(list);
  assert.match(list.text, /^address +address_id +update,delete/m);
  assert.match(
    (await rowpost("tables", "show", "address")).text,
    /^location +geometry .*never written or read/m,
  );
  done(await rowpost("tables", "schemas"));
  done(await rowpost("tables", "schemas", "--check"));

  assert.equal((await rowpost("migrate", "check")).code, 1);
  const created = await rowpost("migrate", "create", "--baseline");
  done(created);
  done(await run(bin("@biomejs/biome/bin/biome"), "format", "--vcs-enabled=false", "migrations"));
  const up = await rowpost("migrate", "up");
  done(up);
  assert.match(up.text, /its tables are there already; recorded, not run/);
  done(await rowpost("migrate", "check"));
  // the same project on an empty database makes the tables instead
  const empty = await database(t);
  const elsewhere = await copyOfProject(t, empty.environment);
  for (const part of ["src/tables/definitions", "migrations"]) {
    await cp(join(folder, part), join(elsewhere.folder, part), { recursive: true });
  }
  const made = await elsewhere.rowpost("migrate", "up");
  done(made);
  assert.doesNotMatch(made.text, /recorded, not run/);
  done(await elsewhere.rowpost("migrate", "check"));
  const texts = await textsIn(join(folder, "src/tables/definitions"));
  done(await elsewhere.rowpost("tables", "import", "--force", "film", "staff", "store"));
  const again = await textsIn(join(elsewhere.folder, "src/tables/definitions"));
  assert.deepEqual(again, texts);
});

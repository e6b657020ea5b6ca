import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { openMigrations } from "../../../src/cli/open-migrations.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

const ENTRY = pathToFileURL(join(import.meta.dirname, "../../../src/cli/open-migrations.ts"));

const PROGRAM = `
import { openMigrations } from ${JSON.stringify(ENTRY.href)};

await using migrations = await openMigrations(process.env);
const up = await migrations.up({ observe: () => {} });
const again = await migrations.up();
const { pending, drift } = await migrations.check();
const states = (await migrations.status()).map(({ state }) => state);
const create = await migrations.create();
const down = await migrations.down();
console.log(JSON.stringify({ up: up.outcome, again, pending, drift, states, create, down: down.outcome }));
`;

test("a program outside of rowpost migrates with nothing but an environment, and ends by itself", async (t) => {
  const server = await database(t);
  const folder = await mkdtemp(join(tmpdir(), "rowpost-program-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const program = join(folder, "migrate.ts");
  await writeFile(program, PROGRAM);
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    cwd: folder,
    env: server.environment,
    timeout: 60_000,
  });
  const { states, ...said } = JSON.parse(stdout) as { states: string[] };
  assert.deepEqual(said, {
    up: "done",
    again: { outcome: "done", ran: [] },
    pending: [],
    drift: [],
    create: { outcome: "nothing" },
    down: "done",
  });
  assert.deepEqual([...new Set(states)], ["executed"]);
});

test("an environment that names no database, or is faulty, is refused with a sentence", async () => {
  await assert.rejects(openMigrations({}), /no database is configured: set INSTANCE_HOST/);
  await assert.rejects(openMigrations({ DB_PORT: "x" }), /the environment has faults: DB_PORT/);
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { expectNoLeaks } from "../support/leaks.ts";
import { startRowpost } from "../support/process.ts";
import { projectCopy } from "../support/project-copy.ts";
import { sixthTable } from "../support/readme.ts";
import { type Rig, rig } from "../support/rig.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

const ROOT = join(import.meta.dirname, "../..");
/** The tests that hold definitions, migrations and printed schemas together. */
const TESTS = ["tables/registry", "store/migrations", "messages/schemas"];

test("a sixth table is the one file that the README shows and one migration", async (t) => {
  const { file, text, commands } = sixthTable();
  if (existsSync(join(ROOT, file))) return t.skip(`${file} has been added: it is no longer a sixth table`);
  const [copy, on] = await Promise.all([projectCopy(t), rig(t)]);
  const before = await contents(copy);
  await writeFile(join(copy, file), text);
  const rowpost = rowpostOf(t, copy, on);

  const printed: string[] = [];
  for (const command of commands) printed.push(await rowpost(command));
  const changed = changedFiles(before, await contents(copy));
  const migration = changed.find((path) => /^migrations\/\d{14}-add-accounts\.ts$/.test(path)) ?? "none";
  assert.deepEqual(changed, [
    "migrations/.snapshot.json",
    migration,
    "schemas/openapi.json",
    "schemas/tables/accounts.schema.json",
    "schemas/update.schema.json",
    file,
  ]);
  assert.match(printed.join(""), /^created schemas\/tables\/accounts\.schema\.json$/m);
  assert.match(await rowpost(["tables", "schemas", "--check"]), /^schemas\/ is up to date$/m);
  assert.match(await rowpost(["migrate", "check"]), /^tables: as the definitions say$/m);

  await assertChecksPass(copy, [file, migration]);
  await assertUpdatesApply(t, copy, on);
});

/** Each file of the copy by its path, with what tells its content. What is linked is not looked into. */
async function contents(copy: string): Promise<Map<string, string>> {
  const entries = await readdir(copy, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const found = new Map<string, string>();
  for (const path of files) found.set(path.slice(copy.length + 1), hash("sha256", await readFile(path)));
  return found;
}

function changedFiles(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths].filter((path) => before.get(path) !== now.get(path)).sort();
}

/** Runs the copy's `rowpost ARGS` to its end and gives what it has printed; it must succeed. */
function rowpostOf(t: TestContext, copy: string, on: Rig): (args: readonly string[]) => Promise<string> {
  return async (args) => {
    const child = await startRowpost(t, args, on.environment, copy);
    const { code } = await child.exited;
    assert.equal(code, 0, `rowpost ${args.join(" ")}: ${await child.output()}`);
    return child.output();
  };
}

/** What `npm run check` and the unit tests say of the new files. */
async function assertChecksPass(copy: string, files: readonly string[]): Promise<void> {
  const tool = (name: string) => join(copy, "node_modules/.bin", name);
  await assertRuns(copy, tool("biome"), ["format", "--vcs-enabled=false", ...files]);
  await assertRuns(copy, tool("oxlint"), ["--type-aware", "--deny-warnings", ...files]);
  await assertRuns(copy, tool("tsc"), []);
  await assertRuns(copy, process.execPath, ["--test", ...TESTS.map((name) => `test/unit/${name}.test.ts`)]);
}

function assertRuns(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

const ADA = { owner: "Ada", email: "ada@example.org", balance: "10.00", changed_at: "2026-01-02T00:00:00Z" };
const change = (op: string, id: string, groups: object) => ({
  table: "accounts",
  op,
  key: { id },
  ...groups,
});

/** By key: what a worker of the copy must make of it, once Ada's account is there. */
const UPDATES = {
  "over-drawn": { body: change("update", "1", { add: { balance: "-10.01" } }), becomes: "check_failed" },
  "no-address": { body: change("update", "1", { set: { email: "ada" } }), becomes: "invalid" },
  "same-address": {
    body: change("insert", "2", { set: { owner: "Bob", email: ADA.email } }),
    becomes: "unique_conflict",
  },
  "not-allowed": { body: change("delete", "1", {}), becomes: "operation_denied" },
  older: {
    body: change("update", "1", { set: { owner: "Adah", changed_at: "2026-01-01T00:00:00Z" } }),
    becomes: "stale",
  },
  newer: {
    body: change("update", "1", {
      set: { owner: "Ada L.", changed_at: "2026-01-03T00:00:00Z" },
      add: { balance: "-9.99" },
    }),
    becomes: "applied",
  },
};

async function assertUpdatesApply(t: TestContext, copy: string, on: Rig): Promise<void> {
  await on.topology();
  const worker = await startRowpost(t, ["worker"], on.environment, copy);
  await on.publish([{ key: "ada", body: change("insert", "1", { set: ADA }) }]);
  assert.deepEqual(await receipts(on, 1), { ada: "applied" });
  await on.publish(Object.entries(UPDATES).map(([key, { body }]) => ({ key, body })));
  const expected = Object.entries(UPDATES).map(([key, { becomes }]) => [key, becomes]);
  assert.deepEqual(await receipts(on, 1 + expected.length), {
    ada: "applied",
    ...Object.fromEntries(expected),
  });
  assert.deepEqual(await on.database.query("SELECT id,owner,email,balance,changed_at FROM accounts"), [
    { id: "1", owner: "Ada L.", email: ADA.email, balance: "0.01", changed_at: "2026-01-03 00:00:00.000000" },
  ]);
  const letters = await on.database.query("SELECT idempotency_key AS k,message FROM dead_letters");
  const told = Object.fromEntries(letters.map(({ k, message }) => [String(k), String(message)]));
  assert.match(told["same-address"] ?? "", /accounts_email/);
  assert.match(told["over-drawn"] ?? "", /accounts_not_negative/);
  assert.match(told["no-address"] ?? "", /email/);
  const { code } = await worker.stop(30_000);
  assert.equal(code, 0, await worker.output());
}

/** What the receipts say, by key, as soon as there are so many. */
async function receipts(on: Rig, count: number): Promise<Record<string, string>> {
  const rows = await until(`${count} receipts`, async () => {
    const found = await on.database.query("SELECT idempotency_key AS k,outcome,code FROM receipts");
    return found.length >= count && found;
  });
  return Object.fromEntries(rows.map(({ k, outcome, code }) => [String(k), String(code ?? outcome)]));
}

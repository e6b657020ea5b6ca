import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { type TestContext } from "node:test";

const SETUP = join(import.meta.dirname, "../../../src/local/setup.mjs");

/** Stands in for npm: writes the list that npm writes last, and notes each run. Slow enough for two to meet. */
const NPM = `
import { appendFileSync, copyFileSync, mkdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
appendFileSync("npm-runs", process.argv.slice(2).join(" ") + "\\n");
await setTimeout(150);
mkdirSync("node_modules", { recursive: true });
copyFileSync("package-lock.json", "node_modules/.package-lock.json");
`;

interface Project {
  readonly root: string;
  start(file: string, ...args: string[]): ChildProcess;
  npmRuns(): Promise<string[]>;
  lock(packages: Record<string, object>): Promise<void>;
}

/** A project with setup.mjs, a lock file, and a few programs to run; nothing is installed. */
async function project(t: TestContext): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), "rowpost-setup-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "src/local"), { recursive: true });
  await copyFile(SETUP, join(root, "src/local/setup.mjs"));
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  await writeFile(join(root, "npm.js"), NPM);
  await writeFile(join(root, "echo.ts"), "console.log(process.argv.slice(2).join('|') satisfies string);");
  await writeFile(join(root, "three.ts"), "process.exitCode = 3 as number;");
  const stops =
    "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1e6); console.log('ready');";
  await writeFile(join(root, "stops.ts"), stops);
  const made: Project = {
    root,
    start(file, ...args) {
      const env = { ...process.env, npm_execpath: join(root, "npm.js") };
      return spawn(process.execPath, ["src/local/setup.mjs", file, ...args], { cwd: root, env });
    },
    async npmRuns() {
      const runs = await readFile(join(root, "npm-runs"), "utf8").catch(() => "");
      return runs.split("\n").filter((line) => line !== "");
    },
    async lock(packages) {
      await writeFile(join(root, "package-lock.json"), JSON.stringify({ packages: { "": {}, ...packages } }));
    },
  };
  await made.lock({
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "1.0.0", optional: true },
  });
  return made;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  assert(child.stdout !== null && child.stderr !== null);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, out, err };
}

test("the first command in a bare clone installs the dependencies and then runs; the next one only runs", async (t) => {
  const { start, npmRuns } = await project(t);
  const first = await ended(start("echo.ts", "a", "b c"));
  assert.deepEqual({ code: first.code, out: first.out }, { code: 0, out: "a|b c\n" });
  assert.match(first.err, /^Installing dependencies \(npm ci\) …$/m);
  const second = await ended(start("echo.ts"));
  assert.deepEqual(second, { code: 0, out: "\n", err: "" });
  const [run, ...more] = await npmRuns();
  assert.match(run ?? "", /^ci /);
  assert.deepEqual(more, []);
});

test("dependencies other than those of the lock file are installed again", async (t) => {
  const { start, npmRuns, lock } = await project(t);
  await ended(start("echo.ts"));
  for (const packages of [
    { "node_modules/a": { version: "1.0.1" } },
    { "node_modules/a": { version: "1.0.1", integrity: "sha512-x" } },
    { "node_modules/a": { version: "1.0.1", integrity: "sha512-x" }, "node_modules/c": { version: "2.0.0" } },
    { "node_modules/c": { version: "2.0.0" } },
  ]) {
    const before = (await npmRuns()).length;
    await lock(packages);
    await ended(start("echo.ts"));
    assert.equal((await npmRuns()).length, before + 1, JSON.stringify(packages));
  }
});

test("an optional dependency of another platform is not missed", async (t) => {
  const { root, start, npmRuns } = await project(t);
  await mkdir(join(root, "node_modules"));
  const installed = { packages: { "node_modules/a": { version: "1.0.0" } } };
  await writeFile(join(root, "node_modules/.package-lock.json"), JSON.stringify(installed));
  assert.equal((await ended(start("echo.ts", "x"))).out, "x\n");
  assert.deepEqual(await npmRuns(), []);
});

test("two at once install once, and both run", async (t) => {
  const { start, npmRuns } = await project(t);
  const both = await Promise.all([ended(start("echo.ts", "1")), ended(start("echo.ts", "2"))]);
  assert.deepEqual(
    both.map(({ code, out }) => [code, out]),
    [
      [0, "1\n"],
      [0, "2\n"],
    ],
  );
  assert.equal((await npmRuns()).length, 1);
});

test("an installation that died does not hold up the next one", async (t) => {
  const { root, start, npmRuns } = await project(t);
  const dead = spawn(process.execPath, ["--version"]);
  await once(dead, "exit");
  await mkdir(join(root, ".rowpost"));
  await writeFile(join(root, ".rowpost/install.lock"), String(dead.pid));
  assert.equal((await ended(start("echo.ts", "x"))).code, 0);
  assert.equal((await npmRuns()).length, 1);
});

test("the program's exit code is the command's, and a signal reaches it", async (t) => {
  const { start } = await project(t);
  assert.equal((await ended(start("three.ts"))).code, 3);
  const child = start("stops.ts");
  assert(child.stdout !== null);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.equal((await ended(child)).code, 7);
});

test("a failed installation is an error, and nothing runs", async (t) => {
  const { root, start } = await project(t);
  await writeFile(join(root, "npm.js"), "process.exit(1)");
  const { code, out, err } = await ended(start("echo.ts", "x"));
  assert.deepEqual({ code, out }, { code: 1, out: "" });
  assert.match(err, /npm ci failed with exit code 1/);
});

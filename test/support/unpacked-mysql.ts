import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type MysqlProgram, mysqlProgram } from "../../src/local/mysql-program.ts";

/** Each architecture's loader, and where Debian keeps its libraries; Oracle Linux, of MySQL's images, has all in lib64. */
const PLACES: Partial<Record<NodeJS.Architecture, { readonly loader: string; readonly debian: string }>> = {
  x64: { loader: "ld-linux-x86-64.so.2", debian: "lib/x86_64-linux-gnu" },
  arm64: { loader: "ld-linux-aarch64.so.1", debian: "lib/aarch64-linux-gnu" },
};

/**
 * The MySQL in the `usr` of another system's files under `root`: a suite that was unpacked there, or what `docker cp` took
 * out of an image. With its own loader and libraries it runs outside its own system: no chroot, and so no need to be root.
 * Undefined when there is none that runs here.
 */
export async function unpackedMysql(root: string): Promise<MysqlProgram | undefined> {
  const place = PLACES[process.arch];
  const usr = join(root, "usr");
  const server = join(usr, "sbin/mysqld");
  if (place === undefined || !existsSync(server)) return undefined;
  const folders = [place.debian, "lib64", "lib"].map((folder) => join(usr, folder));
  const loader = folders.map((folder) => join(folder, place.loader)).find(existsSync);
  const libraries = folders.flatMap((folder) => [folder, join(folder, "mysql/private")]).filter(existsSync);
  const plugins = folders.map((folder) => join(folder, "mysql/plugin")).find(existsSync);
  const share = await shareOf(usr);
  if (loader === undefined || plugins === undefined || share === undefined) return undefined;
  return mysqlProgram([
    loader,
    "--library-path",
    libraries.join(":"),
    server,
    "--no-defaults",
    `--basedir=${usr}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, "charsets")}`,
    `--plugin-dir=${plugins}`,
  ]);
}

/** `share/mysql`, or `share/mysql-8.4`: what has the character sets in it. */
async function shareOf(usr: string): Promise<string | undefined> {
  const names = await readdir(join(usr, "share")).catch(() => []);
  const folders = names.filter((name) => name.startsWith("mysql")).map((name) => join(usr, "share", name));
  return folders.find((folder) => existsSync(join(folder, "charsets/Index.xml")));
}

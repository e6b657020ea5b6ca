import { join } from "node:path";
import type { MysqlProgram } from "../../src/local/mysql-program.ts";
import { unpackedMysql } from "./unpacked-mysql.ts";
import { debootstrap } from "./debootstrap.ts";

/** Where the unpacked MySQL is kept between runs. */
const ROOT = process.env["ROWPOST_MYSQL_ROOT"] ?? join(import.meta.dirname, "../../.rowpost/mysql-sid");

/** The MySQL 9 that an earlier run unpacked, or undefined. */
export function keptMysql(): Promise<MysqlProgram | undefined> {
  return unpackedMysql(ROOT);
}

/**
 * Unpacks MySQL 9 from Debian's unstable suite, which takes root, half a minute and 640 MB. Rejects with the reason when it
 * can't be had.
 */
export async function unpackMysql(say: (line: string) => void): Promise<MysqlProgram> {
  say(`Unpacking MySQL 9 from Debian's unstable suite into ${ROOT} …`);
  await debootstrap("sid", ["mysql-server-core", "mysql-client-core"], ROOT, say).catch((error: Error) => {
    throw new Error(`there is no MySQL 9 on this machine, and ${error.message}`, { cause: error });
  });
  const program = await keptMysql();
  if (program === undefined) throw new Error(`the MySQL unpacked into ${ROOT} does not run`);
  return program;
}

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MysqlFlavor, MysqlProgram } from "../../src/local/mysql-program.ts";
import { type LocalMysql, openMysql } from "../../src/local/mysql-server.ts";
import { type LocalEmulator, openEmulator } from "../../src/local/pubsub-emulator.ts";
import { legProgram } from "../support/leg.ts";

/** The servers of one bench: all candidates run on the same two. */
export interface Ground extends AsyncDisposable {
  readonly mysql: LocalMysql;
  readonly emulator: LocalEmulator;
  /** "MySQL 9.7.0" */
  readonly mysqlName: string;
}

const KEPT = join(import.meta.dirname, "../../.rowpost");

/**
 * Brings up a MySQL of one's own with its own settings, durable at each commit, and an emulator; both are ended and removed
 * with what they hold. Without `flavor`: MySQL 9 where it can be had, else MariaDB.
 */
export async function openGround(
  flavor: MysqlFlavor | undefined,
  say: (line: string) => void,
): Promise<Ground> {
  const program = await programOf(flavor, say);
  await using opening = new AsyncDisposableStack();
  await mkdir(KEPT, { recursive: true });
  const folder = await mkdtemp(join(KEPT, "bench-"));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  const options = { program, folder: join(folder, "mysql"), temporary: true, durable: true };
  const mysql = opening.use(await openMysql(options));
  const emulator = opening.use(await openEmulator({ folder, say }));
  const opened = opening.move();
  return { mysql, emulator, mysqlName: program.name, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function programOf(
  flavor: MysqlFlavor | undefined,
  say: (line: string) => void,
): Promise<MysqlProgram> {
  if (flavor !== undefined) return legProgram(flavor, say);
  try {
    return await legProgram("mysql", say);
  } catch (error) {
    say(`MySQL 9 can't be had (${error instanceof Error ? error.message : String(error)}); MariaDB instead`);
    return legProgram("mariadb", say);
  }
}

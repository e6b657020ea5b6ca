import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, mayInstall } from "../../src/local/apt.ts";
import { findMysqlProgram, type MysqlFlavor, type MysqlProgram } from "../../src/local/mysql-program.ts";
import { type LocalMysql, openMysql } from "../../src/local/mysql-server.ts";
import { keptMysql, unpackMysql } from "./mysql-sid.ts";
import { unpackedMysql } from "./unpacked-mysql.ts";

/** The two servers on which everything is tested. */
export const FLAVORS = ["mariadb", "mysql"] as const satisfies readonly MysqlFlavor[];

/**
 * The flavor that the test command chose for this run; a file that is run alone takes the one that the machine has, or
 * what TEST_MYSQL_FLAVOR says.
 */
export async function flavorOfLeg(): Promise<MysqlFlavor> {
  const chosen = FLAVORS.find((flavor) => flavor === process.env["TEST_MYSQL_FLAVOR"]);
  return chosen ?? (await findMysqlProgram())?.flavor ?? "mysql";
}

/**
 * The server program of a flavor, installed or unpacked when it is missing; for MySQL, TEST_MYSQL_ROOT names a folder with the
 * `usr` of another one (see CONTRIBUTING.md). Rejects with the reason when it can't be had.
 */
export async function findLegProgram(
  flavor: MysqlFlavor,
  say: (line: string) => void,
): Promise<MysqlProgram> {
  const root = process.env["TEST_MYSQL_ROOT"];
  if (flavor === "mysql" && root !== undefined) return mysqlUnder(root);
  const found = (await findMysqlProgram(flavor)) ?? (flavor === "mysql" ? await keptMysql() : undefined);
  return found ?? (flavor === "mysql" ? unpackMysql(say) : installMariadb(say));
}

async function mysqlUnder(root: string): Promise<MysqlProgram> {
  const program = await unpackedMysql(root);
  if (program === undefined)
    throw new Error(`TEST_MYSQL_ROOT: there is no usr/sbin/mysqld under ${root} that runs here`);
  return program;
}

/** That program for tests: its data is copied from the run's template when there is one. */
export async function legProgram(flavor: MysqlFlavor, say: (line: string) => void): Promise<MysqlProgram> {
  const program = await findLegProgram(flavor, say);
  const template = process.env["TEST_MYSQL_TEMPLATE"];
  return template === undefined ? program : copying(program, template);
}

/** The program with data copied from `template`, a folder that `makeData` filled: it saves 1 to 3 s for each server. */
export function copying(program: MysqlProgram, template: string): MysqlProgram {
  const script = 'for last; do :; done; cp -r "$0" "${last#--datadir=}"';
  return { ...program, initialize: ["sh", "-c", script, template] };
}

async function installMariadb(say: (line: string) => void): Promise<MysqlProgram> {
  if (!(await mayInstall())) {
    throw new Error("there is no MariaDB on this machine, and to install one takes root on Debian or Ubuntu");
  }
  await install(["mariadb-server-core", "mariadb-client-core"], say);
  const program = await findMysqlProgram("mariadb");
  if (program === undefined) {
    throw new Error("the MariaDB that apt-get installed does not run");
  }
  return program;
}

/** A private instance for tests: small, fast, and gone with its data at the end. */
export async function openTestMysql(program: MysqlProgram): Promise<LocalMysql> {
  return openMysql({ program, folder: await testFolder(), temporary: true, durable: false });
}

const ROOM_FOR_SERVERS = 4 * 1024 ** 3;

/**
 * A new folder for what servers keep: in memory where the system offers that and there is room (a CREATE TABLE then takes
 * a tenth of the time), else among the temporary files. It bears this process's id; those of dead processes are removed.
 */
export async function testFolder(): Promise<string> {
  const memory = await statfs("/dev/shm").catch(() => undefined);
  const inMemory = memory !== undefined && memory.bavail * memory.bsize > ROOM_FOR_SERVERS;
  const parent = inMemory ? "/dev/shm" : tmpdir();
  for (const name of await readdir(parent)) {
    const owner = /^rowpost-test-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
  return mkdtemp(join(parent, `rowpost-test-${process.pid}-`));
}

/** True while there is a process of this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** "mysql://user:password@host:port" */
export function urlOf({ ownLogin }: LocalMysql): string {
  if (ownLogin === undefined) throw new Error("a test server is ours");
  const { address, user, password } = ownLogin;
  return `mysql://${user}:${password}@${address.host}:${address.port}`;
}

import { findProgram, runCommand } from "./child-process.ts";

/** Which of the two kinds of server. */
export type MysqlFlavor = "mysql" | "mariadb";

/** A database server program on this machine. */
export interface MysqlProgram {
  readonly flavor: MysqlFlavor;
  /** "10.11.19" */
  readonly version: string;
  /** "MariaDB 10.11.19" */
  readonly name: string;
  /** The server, with the options that its place on disk needs. */
  readonly command: readonly string[];
  /** Fills an empty data folder, which must not exist yet; the data folder's option is added. */
  readonly initialize: readonly string[];
}

/** The oldest servers that have all that the store uses (SKIP LOCKED, CHECK constraints). */
const OLDEST: Record<MysqlFlavor, readonly [number, number]> = { mysql: [8, 0], mariadb: [10, 6] };

/**
 * The database server installed on this machine: MySQL before MariaDB, the given flavor only when one is given.
 * Undefined when there is none or it is too old.
 */
export async function findMysqlProgram(flavor?: MysqlFlavor): Promise<MysqlProgram | undefined> {
  for (const name of ["mysqld", "mariadbd"]) {
    const path = await findProgram(name);
    const program = path === undefined ? undefined : await mysqlProgram([path, "--no-defaults"]);
    if (program !== undefined && (flavor ?? program.flavor) === program.flavor) {
      return program;
    }
  }
  return undefined;
}

/** Asks a server program for its flavor and version. Undefined when it does not run here or is too old. */
export async function mysqlProgram(command: readonly string[]): Promise<MysqlProgram | undefined> {
  const { code, output } = await runCommand([...command, "--version"], 10_000);
  const version = /Ver (\d+)\.(\d+)\.\d+/.exec(output);
  if (code !== 0 || version === null) {
    return undefined;
  }
  const flavor: MysqlFlavor = output.includes("MariaDB") ? "mariadb" : "mysql";
  const [major, minor] = OLDEST[flavor];
  if (Number(version[1]) < major || (Number(version[1]) === major && Number(version[2]) < minor)) {
    return undefined;
  }
  const initialize = flavor === "mysql" ? [...command, "--initialize-insecure"] : await mariadbInitialize();
  const number = version[0].slice("Ver ".length);
  const name = `${flavor === "mysql" ? "MySQL" : "MariaDB"} ${number}`;
  return initialize === undefined ? undefined : { flavor, version: number, name, command, initialize };
}

async function mariadbInitialize(): Promise<readonly string[] | undefined> {
  const script = (await findProgram("mariadb-install-db")) ?? (await findProgram("mysql_install_db"));
  return script === undefined
    ? undefined
    : [script, "--no-defaults", "--auth-root-authentication-method=socket", "--skip-test-db"];
}

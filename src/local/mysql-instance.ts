import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { runCommand } from "./child-process.ts";
import { freePort } from "./free-port.ts";
import { type LocalLogin, mysqlAnswers } from "./mysql-login.ts";
import type { MysqlProgram } from "./mysql-program.ts";
import { endOrphan } from "./orphan.ts";
import { ServerProcess } from "./server-process.ts";

/** What a private instance is for. */
export interface InstanceOptions {
  /** Holds the instance's data, log and password; made when missing. One run at a time uses it. */
  readonly folder: string;
  /** True: nobody keeps the data; the folder is removed at the end. */
  readonly temporary: boolean;
  /**
   * True: commits reach the disk and the settings are the server's own, as in production and for measuring. False:
   * smaller and faster, and safe against a crash of the server but not of the machine; for tests.
   */
  readonly durable: boolean;
}

/** A running private instance and how to log in to it. */
export interface Instance {
  readonly server: ServerProcess;
  readonly login: LocalLogin;
}

/**
 * Brings up a database server of one's own: data in `folder`, loopback only, a free port, an account with a random
 * password (any local user may reach the port, and a server run by root could otherwise be told to write files as root).
 */
export async function startInstance(program: MysqlProgram, options: InstanceOptions): Promise<Instance> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await endOrphan(join(folder, "server.pid"), folder);
  await initialize(program, folder);
  await mkdir(temporaryOf(folder), { recursive: true, mode: 0o700 });
  const password = await passwordOf(folder);
  const socketFolder = await folderForSocket(folder);
  const port = await freePort();
  const login: LocalLogin = {
    address: { kind: "tcp", host: "127.0.0.1", port, tls: undefined },
    user: "rowpost",
    password,
  };
  const server = new ServerProcess({
    name: program.name,
    command: [
      ...program.command,
      ...settings(program, folder, port, options.durable),
      `--socket=${socketFolder}/s`,
    ],
    logFile: join(folder, "server.log"),
    ready: () => mysqlAnswers(login),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 30_000,
    keepsNothing: options.temporary,
    async cleanUp() {
      if (socketFolder !== folder) {
        await rm(socketFolder, { recursive: true, force: true });
      }
      if (options.temporary) {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
  await startOrCleanUp(server);
  return { server, login };
}

async function startOrCleanUp(server: ServerProcess): Promise<void> {
  try {
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Makes the data folder once; a half-made one of an interrupted run never gets the final name. */
async function initialize(program: MysqlProgram, folder: string): Promise<void> {
  const [data, draft] = [join(folder, "data"), join(folder, "data.draft")];
  if (existsSync(data)) {
    return;
  }
  await rm(draft, { recursive: true, force: true });
  await makeData(program, draft);
  await rename(draft, data);
}

/** Makes the files of an empty server in `data`, which must not exist yet. Rejects with the program's own words. */
export async function makeData(program: MysqlProgram, data: string): Promise<void> {
  const { code, output } = await runCommand(
    [...program.initialize, ...userOption(), `--datadir=${data}`],
    120_000,
  );
  if (code !== 0) {
    // Ubuntu's mysql-server brings a profile that keeps mysqld out of every other folder, root's own included.
    const confined = /denied|errno: 13/i.test(output) && existsSync("/etc/apparmor.d/usr.sbin.mysqld");
    const hint = confined
      ? "\nAppArmor confines mysqld on this machine: set INSTANCE_HOST to a server that runs"
      : "";
    throw new Error(`${program.name} could not make its data in ${data}:\n${output.slice(-2_000)}${hint}`);
  }
}

/** The account's password: made once, readable by its owner only, also in the script that the server runs at each start. */
async function passwordOf(folder: string): Promise<string> {
  const file = join(folder, "password");
  const known = await readFile(file, "utf8").catch(() => undefined);
  const password = known ?? randomBytes(18).toString("base64url");
  await writeFile(file, password, { mode: 0o600 });
  const accounts = ["127.0.0.1", "localhost"].flatMap((host) => [
    `CREATE USER IF NOT EXISTS 'rowpost'@'${host}' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO 'rowpost'@'${host}' WITH GRANT OPTION;`,
  ]);
  const others = [
    `ALTER USER IF EXISTS 'root'@'localhost' IDENTIFIED BY '${password}';`,
    "DROP USER IF EXISTS ''@'localhost';",
  ];
  const script = [...accounts, ...others, ""];
  await writeFile(join(folder, "accounts.sql"), script.join("\n"), { mode: 0o600 });
  return password;
}

/**
 * For tables that a query needs for a moment. Each server needs a place of its own: one that starts removes what it takes for
 * leftovers there (MariaDB: all that begins with #sql), and a server whose table goes away while it is made crashes.
 */
function temporaryOf(folder: string): string {
  return join(folder, "tmp");
}

function settings(program: MysqlProgram, folder: string, port: number, durable: boolean): string[] {
  const common = [
    ...userOption(),
    `--datadir=${join(folder, "data")}`,
    `--tmpdir=${temporaryOf(folder)}`,
    `--pid-file=${join(folder, "server.pid")}`,
    `--init-file=${join(folder, "accounts.sql")}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    // No statement may read or write files of this machine.
    program.flavor === "mysql"
      ? "--secure-file-priv=NULL"
      : `--secure-file-priv=${join(folder, "data", "mysql")}`,
  ];
  const own = program.flavor === "mysql" ? ["--mysqlx=OFF"] : [];
  const light = [
    "--innodb-flush-log-at-trx-commit=2",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=96M",
  ];
  const lightOwn = program.flavor === "mysql" ? ["--disable-log-bin"] : [];
  return [...common, ...own, ...(durable ? [] : [...light, ...lightOwn])];
}

/** A server refuses to run as root unless it is told to. */
function userOption(): string[] {
  return userInfo().uid === 0 ? ["--user=root"] : [];
}

/** A socket's path may have 107 bytes (unix(7), sun_path; 103 on macOS): a deep folder needs another place for it. */
async function folderForSocket(folder: string): Promise<string> {
  if (Buffer.byteLength(folder) <= 90) {
    return folder;
  }
  const short = await mkdtemp(join(tmpdir(), "rowpost-"));
  await chmod(short, 0o700);
  return short;
}

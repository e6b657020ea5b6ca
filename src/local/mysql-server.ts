import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { startContainer } from "./docker.ts";
import { freePort } from "./free-port.ts";
import { type Machine, THIS_MACHINE } from "./machine.ts";
import { startInstance } from "./mysql-instance.ts";
import { type LocalLogin, mysqlAnswers, type MysqlLogin } from "./mysql-login.ts";
import type { MysqlProgram } from "./mysql-program.ts";
import type { ServerProcess } from "./server-process.ts";

/** Which MySQL is wanted. */
export interface MysqlOptions {
  /** A server that is already there: taken as it is, and never stopped. */
  readonly configured?: MysqlLogin;
  /** This program and no search; for tests. */
  readonly program?: MysqlProgram;
  /** Where a private instance keeps its data and log, in a folder for each server version. */
  readonly folder: string;
  /** Remove the whole folder at the end; default false. */
  readonly temporary?: boolean;
  /** The server's own durability and sizes; default true. See InstanceOptions. */
  readonly durable?: boolean;
  /** Takes lines for a person: what is being installed or fetched. */
  readonly say?: (line: string) => void;
}

/** A MySQL or MariaDB that answers. */
export interface LocalMysql extends AsyncDisposable {
  /** Where it came from, for a person: "MariaDB 10.11.19 of this machine, on port 24306". */
  readonly origin: string;
  readonly login: MysqlLogin;
  /** The same, of a server that was started here; undefined for a configured one. */
  readonly ownLogin: LocalLogin | undefined;
  /** To stop and start it; undefined for a configured server, which is not ours. */
  readonly server: ServerProcess | undefined;
}

const CHOICES = [
  "No MySQL to run on. Any one of these will do:",
  "  - set INSTANCE_HOST (and DB_PORT, DB_USER, DB_PASS) or INSTANCE_UNIX_SOCKET to a server that runs",
  "  - install MySQL 8.0 or newer, or MariaDB 10.6 or newer, so that mysqld or mariadbd is on the PATH",
  "  - start Docker",
  "  - be root on Debian or Ubuntu: then it is installed with apt-get",
].join("\n");

const IMAGE = "mysql:9";

/**
 * Gets a MySQL, by the first way that is open: the configured one; a server installed on this machine, as a private
 * instance; Docker; installed with apt-get. Rejects with the list of choices when none is, or with the server's own last
 * words when it does not start.
 */
export async function openMysql(options: MysqlOptions, machine: Machine = THIS_MACHINE): Promise<LocalMysql> {
  if (options.configured !== undefined) {
    return configuredMysql(options.configured);
  }
  const say = options.say ?? (() => {});
  const program = options.program ?? (await machine.findMysqlProgram());
  if (program !== undefined) {
    return privateMysql(program, options);
  }
  if (await machine.dockerAnswers()) {
    return dockerMysql(options.folder, say);
  }
  if (await machine.mayInstall()) {
    // The name of each distribution's own choice: MariaDB on Debian, MySQL on Ubuntu.
    await machine.install(["default-mysql-server-core", "default-mysql-client-core"], say);
    const installed = await machine.findMysqlProgram();
    if (installed !== undefined) {
      return privateMysql(installed, options);
    }
  }
  throw new Error(CHOICES);
}

function configuredMysql(login: MysqlLogin): LocalMysql {
  const { address } = login;
  const where = address.kind === "tcp" ? `${address.host}:${address.port}` : nameOf(address);
  return {
    origin: `the configured MySQL at ${where}`,
    login,
    ownLogin: undefined,
    server: undefined,
    async [Symbol.asyncDispose]() {},
  };
}

function nameOf(address: Exclude<MysqlLogin["address"], { kind: "tcp" }>): string {
  return address.kind === "socket" ? address.path : address.instance;
}

async function privateMysql(program: MysqlProgram, options: MysqlOptions): Promise<LocalMysql> {
  const temporary = options.temporary ?? false;
  const { server, login } = await startInstance(program, {
    folder: temporary ? options.folder : join(options.folder, `${program.flavor}-${program.version}`),
    temporary,
    durable: options.durable ?? true,
  });
  return localMysql(`${program.name} of this machine`, login, server);
}

async function dockerMysql(folder: string, say: (line: string) => void): Promise<LocalMysql> {
  const port = await freePort();
  const password = randomBytes(18).toString("base64url");
  const address = { kind: "tcp", host: "127.0.0.1", port, tls: undefined } as const;
  const login: LocalLogin = { address, user: "root", password };
  const plan = {
    name: "MySQL",
    image: IMAGE,
    environment: { MYSQL_ROOT_PASSWORD: password },
    command: ["--mysqlx=OFF", "--character-set-server=utf8mb4"],
    hostPort: port,
    containerPort: 3306,
    logFile: join(folder, "docker.log"),
    ready: () => mysqlAnswers(login),
  };
  return localMysql(`${IMAGE} in Docker`, login, await startContainer(plan, say));
}

function localMysql(what: string, login: LocalLogin, server: ServerProcess): LocalMysql {
  const origin = `${what}, on port ${login.address.port}`;
  const dispose = () => server[Symbol.asyncDispose]();
  return { origin, login, ownLogin: login, server, [Symbol.asyncDispose]: dispose };
}

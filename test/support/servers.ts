import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { after } from "node:test";
import { type Connection, createConnection } from "mysql2/promise";
import type { LocalLogin } from "../../src/local/mysql-login.ts";
import type { MysqlFlavor } from "../../src/local/mysql-program.ts";
import { type LocalEmulator, openEmulator } from "../../src/local/pubsub-emulator.ts";
import type { ServerProcess } from "../../src/local/server-process.ts";
import type { DatabaseOptions } from "../../src/store/database-options.ts";
import { flavorOfLeg, legProgram, openTestMysql, testFolder, urlOf } from "./leg.ts";

/** A test context, or `{ after }` of node:test for what a whole file shares. */
export interface Scope {
  after(fn: () => Promise<void>): void;
}

/** A database of one's own, empty, and how to open a store on it. */
export interface TestDatabase extends DatabaseOptions {
  readonly address: LocalLogin["address"];
  readonly password: string;
  readonly port: number;
  readonly flavor: MysqlFlavor;
  /** The variables that make a rowpost process use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs one statement on a connection of its own; rows come with numbers as text, as the server prints them. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** A Pub/Sub broker with a project of one's own. */
export interface TestBroker {
  readonly host: string;
  readonly project: string;
  /** The variables that make a rowpost process use it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A database server of one's own, to be stopped, started and killed, with a database on it. */
export interface TestServer extends TestDatabase {
  readonly server: ServerProcess;
}

/** A new database on the server of this run; dropped when the scope ends. */
export async function database(scope: Scope): Promise<TestDatabase> {
  const { url, flavor } = await sharedMysql();
  const made = await createDatabase(url, flavor);
  scope.after(async () => {
    await made.query(`DROP DATABASE ${made.name}`);
  });
  return made;
}

/**
 * A new server with a new database, and with more options on its command line; ended and removed when the scope ends. Takes
 * 1 s (MariaDB) to 3 s (MySQL).
 */
export async function privateMysql(scope: Scope, args: readonly string[] = []): Promise<TestServer> {
  const flavor = await flavorOfLeg();
  const program = await legProgram(flavor, console.error);
  const opened = await openTestMysql({ ...program, command: [...program.command, ...args] });
  scope.after(async () => opened[Symbol.asyncDispose]());
  const { server } = opened;
  if (server === undefined) {
    throw new Error("a private server is ours");
  }
  return { ...(await createDatabase(urlOf(opened), flavor)), server };
}

/** The broker of this run with a new project in it: topics and subscriptions of other tests are not seen. */
export async function broker(_scope: Scope): Promise<TestBroker> {
  return testBroker(await sharedBroker());
}

/** A new broker, to be stopped and started (which loses all that it holds); ended when the scope ends. */
export async function privateBroker(scope: Scope): Promise<TestBroker & { readonly server: ServerProcess }> {
  const opened = await openTestEmulator();
  scope.after(() => opened.close());
  const { host, server } = opened.emulator;
  if (server === undefined) {
    throw new Error("a private broker is ours");
  }
  return { ...testBroker(host), server };
}

function testBroker(host: string): TestBroker {
  const project = `test-${unique()}`;
  return { host, project, environment: { PUBSUB_EMULATOR_HOST: host, GOOGLE_CLOUD_PROJECT: project } };
}

async function createDatabase(url: URL | string, flavor: MysqlFlavor): Promise<TestDatabase> {
  const { hostname, port, username, password } = new URL(url);
  const address = { kind: "tcp", host: hostname, port: Number(port), tls: undefined } as const;
  const name = `t_${unique()}`;
  const options = {
    address,
    user: username,
    password,
    name,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    poolWaitMs: 30_000,
    poolLifetimeMs: 1_800_000,
  };
  await queryOnce({ address, user: username, password }, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return {
    ...options,
    port: address.port,
    flavor,
    environment: {
      INSTANCE_HOST: hostname,
      DB_PORT: port,
      DB_USER: username,
      DB_PASS: password,
      DB_NAME: name,
    },
    query: (sql) => queryOnce(options, sql, name),
  };
}

async function queryOnce(login: LocalLogin, sql: string, name?: string): Promise<Record<string, unknown>[]> {
  const { address, user, password } = login;
  const connection: Connection = await createConnection({
    host: address.host,
    port: address.port,
    user,
    password,
    charset: "utf8mb4",
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    ...(name === undefined ? {} : { database: name }),
  });
  try {
    const [rows] = await connection.query(sql);
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
  } finally {
    await connection.end();
  }
}

const unique = () => randomBytes(6).toString("hex");

const ownServers = new AsyncDisposableStack();
// Registered while the file loads, so that it runs after all of the file's tests.
after(closeOwnServers);

/** Ends what this process has started; for a program that is no test file, whose `after` never comes while a server runs. */
export function closeOwnServers(): Promise<void> {
  return ownServers.disposeAsync();
}

let ownMysql: Promise<{ url: string; flavor: MysqlFlavor }> | undefined;
let ownBroker: Promise<string> | undefined;

/** What `npm test` started for all files; without it each file starts its own, which is slower but works. */
async function sharedMysql(): Promise<{ url: string; flavor: MysqlFlavor }> {
  const flavor = await flavorOfLeg();
  const url = process.env["TEST_MYSQL_URL"];
  if (url !== undefined) {
    return { url, flavor };
  }
  ownMysql ??= (async () => {
    const program = await legProgram(flavor, console.error);
    return { url: urlOf(ownServers.use(await openTestMysql(program))), flavor };
  })();
  return ownMysql;
}

async function sharedBroker(): Promise<string> {
  ownBroker ??= (async () => {
    const { emulator, close } = await openTestEmulator(process.env["PUBSUB_EMULATOR_HOST"]);
    ownServers.defer(close);
    return emulator.host;
  })();
  return ownBroker;
}

async function openTestEmulator(
  configured?: string,
): Promise<{ emulator: LocalEmulator; close(): Promise<void> }> {
  const folder = await testFolder();
  const emulator = await openEmulator({ folder, ...(configured === undefined ? {} : { configured }) });
  return {
    emulator,
    async close() {
      await emulator[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

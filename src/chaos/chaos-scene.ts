import { join } from "node:path";
import { type Connection, createConnection } from "mysql2/promise";
import { type Broker, openBroker } from "../local/broker/open-broker.ts";
import { createDatabase } from "../local/create-database.ts";
import { freePort } from "../local/free-port.ts";
import type { LocalLogin } from "../local/mysql-login.ts";
import type { MysqlProgram } from "../local/mysql-program.ts";
import { type LocalMysql, openMysql } from "../local/mysql-server.ts";
import { openTcpProxy, type TcpProxy } from "../local/tcp-proxy.ts";
import { openPubSub, type PubSubClient } from "../pubsub/client.ts";
import { applyTopology } from "../pubsub/topology.ts";
import type { DatabaseOptions } from "../store/database-options.ts";
import { migrateUp } from "../store/migrate.ts";
import { openStore } from "../store/open-store.ts";
import { registryOf } from "../tables/registry.ts";
import { CHAOS_DDL, CHAOS_TABLES } from "./chaos-tables.ts";
import { CrewMember } from "./crew.ts";

export interface SceneOptions {
  readonly seed: number;
  readonly workers: number;
  /** For the servers' data and all logs. */
  readonly folder: string;
  /** The command that runs rowpost. */
  readonly program: readonly string[];
  /** This database server and no search; for tests. */
  readonly mysql?: MysqlProgram | undefined;
  readonly say: (line: string) => void;
}

/** The stack: a database behind a proxy, a broker that misbehaves, workers, and a sidecar. */
export interface ChaosScene extends AsyncDisposable {
  readonly mysql: LocalMysql;
  readonly broker: Broker;
  /** Between the processes and the database. */
  readonly proxy: TcpProxy;
  readonly client: PubSubClient;
  readonly workers: readonly CrewMember[];
  readonly sidecar: CrewMember;
  /** The address of the sidecar, as soon as it has said it. */
  readonly sidecarPort: number;
  readonly topology: typeof TOPOLOGY;
  /** The way to the database that nothing disturbs but its own restarts. */
  readonly database: DatabaseOptions;
  /** A connection of the observer's own. */
  connect(): Promise<Connection>;
}

export const TOPOLOGY = {
  topic: "chaos-updates",
  subscription: "chaos-updates-worker",
  backstopTopic: "chaos-undeliverable",
  backstopSubscription: "chaos-undeliverable-worker",
  // What the broker itself gives up is for messages that kill processes, and not for chaos.
  maxDeliveryAttempts: 100,
  deadLetterTopic: undefined,
  messageRetentionHours: 96,
};
const PROJECT = "rowpost-chaos";
const DATABASE = "chaos";

/** Brings everything up and makes the tables; nothing works and nothing misbehaves yet. All ends by disposing of it. */
export async function openScene(options: SceneOptions): Promise<ChaosScene> {
  const { folder, seed } = options;
  await using opening = new AsyncDisposableStack();
  const given = options.mysql === undefined ? {} : { program: options.mysql };
  const mysql = opening.use(
    await openMysql({
      ...given,
      folder: join(folder, "mysql"),
      temporary: true,
      durable: false,
      say: options.say,
    }),
  );
  const { ownLogin } = mysql;
  if (ownLogin === undefined) throw new Error("the server is ours");
  const broker = opening.use(await openBroker({ seed }));
  const proxy = opening.use(await openTcpProxy(ownLogin.address.port, seed));
  const client = opening.use(openPubSub({ project: PROJECT, emulatorHost: broker.host }));
  const database = databaseOf(ownLogin);
  await createDatabase(ownLogin, DATABASE);
  await makeTables(database, ownLogin);
  await applyTopology(client, TOPOLOGY);
  const sidecarPort = await freePort();
  const ports = await Promise.all(Array.from({ length: options.workers }, freePort));
  const crew = crewOf(options, { ownLogin, broker, proxy, sidecarPort, ports });
  for (const member of [...crew.workers, crew.sidecar]) opening.use(member);
  const owned = opening.move();
  return {
    mysql,
    broker,
    proxy,
    client,
    ...crew,
    sidecarPort,
    topology: TOPOLOGY,
    database,
    connect: () => connectTo(ownLogin),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function databaseOf({ address, user, password }: LocalLogin): DatabaseOptions {
  return {
    address,
    user,
    password,
    name: DATABASE,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 120_000,
    poolWaitMs: 30_000,
    poolLifetimeMs: 1_800_000,
  };
}

async function makeTables(database: DatabaseOptions, login: LocalLogin): Promise<void> {
  await using store = await openStore(database, registryOf(CHAOS_TABLES), 2);
  const result = await migrateUp(store);
  if (result.outcome !== "done") throw new Error(`the migrations did not run: ${JSON.stringify(result)}`);
  const connection = await connectTo(login);
  try {
    for (const statement of CHAOS_DDL) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

interface Places {
  readonly ownLogin: LocalLogin;
  readonly broker: Broker;
  readonly proxy: TcpProxy;
  readonly sidecarPort: number;
  /** Of the workers. */
  readonly ports: readonly number[];
}

function crewOf({ program, folder }: SceneOptions, { ownLogin, broker, proxy, sidecarPort, ports }: Places) {
  const environment = {
    PUBSUB_EMULATOR_HOST: broker.host,
    GOOGLE_CLOUD_PROJECT: PROJECT,
    PUBSUB_TOPIC: TOPOLOGY.topic,
    PUBSUB_SUBSCRIPTION: TOPOLOGY.subscription,
    PUBSUB_BACKSTOP_TOPIC: TOPOLOGY.backstopTopic,
    PUBSUB_BACKSTOP_SUBSCRIPTION: TOPOLOGY.backstopSubscription,
    // What a killed worker held comes again soon.
    PUBSUB_LEASE_SECONDS: "10",
    INSTANCE_HOST: proxy.host,
    DB_PORT: String(proxy.port),
    DB_USER: ownLogin.user,
    DB_PASS: ownLogin.password,
    DB_NAME: DATABASE,
    PURGE_INTERVAL_SECONDS: "5",
    PORT: String(sidecarPort),
    // What a killed worker held waits for its lease; the others need something to do meanwhile.
    MAX_MESSAGES: "600",
    // A line for each update: if one is lost, the logs must say where it was seen last.
    LOG_LEVEL: "trace",
    PATH: "/usr/bin:/bin",
  };
  const worker = (port: number, i: number) =>
    new CrewMember(`worker-${i + 1}`, ["chaos", "worker"], {
      program,
      folder,
      environment: { ...environment, WORKER_PORT: String(port) },
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
  const sidecar = new CrewMember("sidecar", ["chaos", "sidecar"], { program, folder, environment });
  return { workers: ports.map(worker), sidecar };
}

function connectTo({ address, user, password }: LocalLogin): Promise<Connection> {
  return createConnection({
    host: address.host,
    port: address.port,
    user,
    password,
    database: DATABASE,
    charset: "utf8mb4",
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    connectTimeout: 3_000,
  });
}

import { type Connection, createConnection } from "mysql2/promise";
import type { LocalMysql } from "../../src/local/mysql-server.ts";
import { migrateUp } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Job } from "./job.ts";
import { KEYS_DDL, ROWS_DDL, VERSIONS_DDL } from "./table.ts";

/** A database that nobody has used before. */
export interface BenchDatabase extends AsyncDisposable {
  readonly login: Job["database"];
  readonly connection: Connection;
  readonly pid: number | undefined;
}

let databases = 0;

/** Makes a database on this server, migrated and with the bench's tables; it is dropped at the end. */
export async function openDatabase(mysql: LocalMysql): Promise<BenchDatabase> {
  if (mysql.ownLogin === undefined) throw new Error("the server is ours");
  databases += 1;
  const { address, user, password } = mysql.ownLogin;
  const login = { host: address.host, port: address.port, user, password, name: `bench_${databases}` };
  await using opening = new AsyncDisposableStack();
  const connection = await create(login, opening);
  const opened = opening.move();
  return {
    login,
    connection,
    pid: mysql.server?.pid,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function create(database: Job["database"], opening: AsyncDisposableStack): Promise<Connection> {
  const { host, port, user, password, name } = database;
  const login = { host, port, user, password };
  const connection = await createConnection({ ...login, dateStrings: true, charset: "utf8mb4" });
  opening.defer(() => connection.end());
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  opening.defer(async () => void (await connection.query(`DROP DATABASE ${name}`)));
  await connection.query(`USE ${name}`);
  for (const ddl of [ROWS_DDL, VERSIONS_DDL, KEYS_DDL]) await connection.query(ddl);
  const address = { kind: "tcp", host, port, tls: undefined } as const;
  const limits = {
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    poolWaitMs: 30_000,
    poolLifetimeMs: 1_800_000,
  };
  await using store = await openStore({ ...limits, address, user, password, name }, new Map(), 2);
  const migrated = await migrateUp(store);
  if (migrated.outcome !== "done") throw new Error(`migrate: ${JSON.stringify(migrated)}`);
  return connection;
}

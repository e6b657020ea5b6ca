import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { LocalMysql } from "../../src/local/mysql-server.ts";
import { LEDGER_TABLE } from "../../src/store/migration-ledger.ts";
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
/** By server: where the tables are copied from. */
const templates = new WeakMap<LocalMysql, Promise<string>>();

/** Makes a database on this server, migrated and with the bench's tables; it is dropped at the end. */
export async function openDatabase(mysql: LocalMysql): Promise<BenchDatabase> {
  if (mysql.ownLogin === undefined) throw new Error("the server is ours");
  databases += 1;
  const { address, user, password } = mysql.ownLogin;
  const login = { host: address.host, port: address.port, user, password, name: `bench_${databases}` };
  const template = templates.get(mysql) ?? makeTemplate(login);
  templates.set(mysql, template);
  await using opening = new AsyncDisposableStack();
  const connection = await create(login, opening, await template);
  const opened = opening.move();
  return {
    login,
    connection,
    pid: mysql.server?.pid,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function create(login: Job["database"], opening: AsyncDisposableStack, template: string) {
  const { host, port, user, password, name } = login;
  const server = { host, port, user, password };
  const connection = await createConnection({ ...server, dateStrings: true, charset: "utf8mb4" });
  opening.defer(() => connection.end());
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  opening.defer(async () => void (await connection.query(`DROP DATABASE ${name}`)));
  await connection.query(`USE ${name}`);
  const [tables] = await connection.query<RowDataPacket[]>(`SHOW TABLES IN ${template}`);
  for (const table of tables.map((row) => String(Object.values(row)[0])))
    await connection.query(`CREATE TABLE ${table} LIKE ${template}.${table}`);
  // Which migrations have run.
  await connection.query(`INSERT INTO ${LEDGER_TABLE} SELECT * FROM ${template}.${LEDGER_TABLE}`);
  return connection;
}

/** A database of a server that is migrated and has all tables, which the others are copied from: that is quicker. It stays. */
async function makeTemplate({ host, port, user, password }: Omit<Job["database"], "name">): Promise<string> {
  const name = "bench_template";
  const connection = await createConnection({ host, port, user, password, charset: "utf8mb4" });
  try {
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    await connection.query(`USE ${name}`);
    for (const ddl of [ROWS_DDL, VERSIONS_DDL, KEYS_DDL]) await connection.query(ddl);
  } finally {
    await connection.end();
  }
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
  return name;
}

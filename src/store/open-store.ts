import { readFileSync } from "node:fs";
import { Migrator } from "@mikro-orm/migrations";
import { type EntitySchema, MikroORM, type Options } from "@mikro-orm/mysql";
import { CompiledQuery } from "kysely";
import { format, type SqlValue } from "mysql2";
import type { Registry } from "../tables/definition.ts";
import { DeadLetter } from "./dead-letters-entity.ts";
import { Receipt } from "./receipts-entity.ts";
import type { DatabaseRow, Store, Transaction } from "./store.ts";

/** Where MySQL is and how to log in. Structurally the `database` part of the configuration. */
export interface DatabaseOptions {
  readonly address:
    | {
        readonly kind: "tcp";
        readonly host: string;
        readonly port: number;
        readonly tls: TlsFiles | undefined;
      }
    | { readonly kind: "socket"; readonly path: string };
  readonly user: string;
  readonly password: string;
  readonly name: string;
  readonly connectTimeoutMs: number;
  /** A transaction that takes longer is given up: its query is killed and its connection dropped. */
  readonly statementTimeoutMs: number;
}

interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/**
 * Each session's settings: what the hot path relies on, whatever the server's own defaults are. sql_mode is strict, so that
 * the server refuses what does not fit and never clips it; a lock is waited for 10 s at the most.
 */
const SESSION = [
  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 10, " +
    "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
];

/** rowpost's own entities and those of the registry: all that the database holds. */
export function entitiesOf(registry: Registry): EntitySchema[] {
  return [Receipt, DeadLetter, ...[...registry.values()].map((table) => table.entity)];
}

/** MikroORM's options for rowpost's entities and those of the registry; nothing connects yet. */
export function ormOptions(database: DatabaseOptions, registry: Registry, poolSize: number): Options {
  return {
    entities: entitiesOf(registry),
    extensions: [Migrator],
    dbName: database.name,
    user: database.user,
    password: database.password,
    ensureDatabase: false,
    forceUtcTimezone: true,
    pool: { min: 0, max: poolSize, idleTimeoutMillis: 60_000 },
    driverOptions: {
      ...address(database),
      connectTimeout: database.connectTimeoutMs,
      charset: "utf8mb4",
      jsonStrings: true,
      queryFormat,
      enableKeepAlive: true,
    },
    logger: () => {},
    onCreateConnection: async (connection: unknown) => {
      for (const sql of SESSION) await (connection as SessionConnection).executeQuery(CompiledQuery.raw(sql));
    },
  };
}

/** SQL of the hot path comes without placeholders: half a megabyte need not be searched for them. */
function queryFormat(sql: string, values: readonly SqlValue[] | undefined): string {
  return values === undefined || values.length === 0 ? sql : format(sql, [...values]);
}

interface SessionConnection {
  executeQuery(query: CompiledQuery): Promise<unknown>;
}

function address({ address: at }: DatabaseOptions): Record<string, unknown> {
  if (at.kind === "socket") return { socketPath: at.path };
  const { host, port, tls } = at;
  if (tls === undefined) return { host, port };
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  const ssl = { ca: read(tls.caFile), cert: read(tls.certFile), key: read(tls.keyFile) };
  return { host, port, ssl: { ...ssl, minVersion: "TLSv1.2", verifyIdentity: true } };
}

/**
 * Opens the store; connects, so that a wrong address or password is told at once (the driver's error is thrown and
 * nothing stays open).
 */
export async function openStore(
  database: DatabaseOptions,
  registry: Registry,
  poolSize: number,
): Promise<Store> {
  const orm = await MikroORM.init(ormOptions(database, registry, poolSize));
  try {
    const [row] = await orm.em.fork().execute("SELECT VERSION() AS version, @@max_allowed_packet AS packet");
    return new MysqlStore(
      orm,
      String(row?.["version"]),
      Number(row?.["packet"]),
      database.statementTimeoutMs,
    );
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

class MysqlStore implements Store {
  readonly orm: MikroORM;
  readonly flavor: Store["flavor"];
  readonly maxPacket: number;
  readonly #timeoutMs: number;
  #closed: Promise<void> | undefined;

  constructor(orm: MikroORM, version: string, maxPacket: number, timeoutMs: number) {
    this.orm = orm;
    this.flavor = /mariadb/i.test(version) ? "mariadb" : "mysql";
    this.maxPacket = maxPacket;
    this.#timeoutMs = timeoutMs;
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    return this.#fork(timeoutMs).transactional((em) =>
      work({
        em,
        select: (sql) => em.execute<DatabaseRow[]>(sql),
        run: (sql) => em.execute<{ affectedRows: number; insertId: number }>(sql, [], "run"),
      }),
    );
  }

  select(sql: string): Promise<DatabaseRow[]> {
    return this.#fork(this.#timeoutMs).execute<DatabaseRow[]>(sql);
  }

  #fork(timeoutMs: number) {
    // A closed MikroORM would silently open a new pool.
    if (this.#closed !== undefined)
      throw Object.assign(new Error("the store is closed"), { code: "POOL_CLOSED" });
    if (timeoutMs === Number.POSITIVE_INFINITY) return this.orm.em.fork();
    const signal = AbortSignal.timeout(timeoutMs);
    return this.orm.em.fork({ signal, inflightQueryAbortStrategy: "kill session" });
  }

  close(): Promise<void> {
    this.#closed ??= this.orm.close(true);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

import { Migrator } from "@mikro-orm/migrations";
import { type EntitySchema, MikroORM, type Options } from "@mikro-orm/mysql";
import { MysqlDialect } from "kysely";
import type { Registry } from "../tables/definition.ts";
import { NO_CONTROL_CONNECTION } from "./control-connection.ts";
import type { DatabaseOptions } from "./database-options.ts";
import { DeadLetter } from "./dead-letters-entity.ts";
import { type Connections, openConnections } from "./open-connection.ts";
import { Pool } from "./pool.ts";
import { Receipt } from "./receipts-entity.ts";
import type { DatabaseRow, Store, Transaction } from "./store.ts";

/** rowpost's own entities and those of the registry: all that the database holds. */
export function entitiesOf(registry: Registry): EntitySchema[] {
  return [Receipt, DeadLetter, ...[...registry.values()].map((table) => table.entity)];
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
  await using opening = new AsyncDisposableStack();
  const connections = opening.use(await openConnections(database));
  const orm = await MikroORM.init(ormOptions(database, registry, poolSize, connections));
  opening.defer(() => orm.close(true));
  const [row] = await orm.em.fork().execute("SELECT VERSION() AS version, @@max_allowed_packet AS packet");
  const server = { version: String(row?.["version"]), maxPacket: Number(row?.["packet"]) };
  return new MysqlStore(orm, server, database.statementTimeoutMs, opening.move());
}

/** MikroORM over our own pool, for rowpost's entities and those of the registry; nothing connects yet. */
function ormOptions(
  database: DatabaseOptions,
  registry: Registry,
  size: number,
  connections: Connections,
): Options {
  const { name, poolWaitMs, poolLifetimeMs } = database;
  return {
    entities: entitiesOf(registry),
    extensions: [Migrator],
    dbName: name,
    ensureDatabase: false,
    forceUtcTimezone: true,
    driverOptions: () =>
      new MysqlDialect({
        pool: new Pool(connections, { size, waitMs: poolWaitMs, lifetimeMs: poolLifetimeMs }),
        controlConnection: () => NO_CONTROL_CONNECTION,
      }),
    logger: () => {},
  };
}

class MysqlStore implements Store {
  readonly orm: MikroORM;
  readonly flavor: Store["flavor"];
  readonly maxPacket: number;
  readonly #timeoutMs: number;
  readonly #opened: AsyncDisposableStack;
  #closed: Promise<void> | undefined;

  constructor(
    orm: MikroORM,
    server: { readonly version: string; readonly maxPacket: number },
    timeoutMs: number,
    opened: AsyncDisposableStack,
  ) {
    this.orm = orm;
    this.flavor = /mariadb/i.test(server.version) ? "mariadb" : "mysql";
    this.maxPacket = server.maxPacket;
    this.#timeoutMs = timeoutMs;
    this.#opened = opened;
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    return this.#fork(timeoutMs).transactional((em) =>
      work({
        em,
        select: (sql) => em.execute<DatabaseRow[]>(sql),
        run: (sql) => em.execute<{ affectedRows: number; insertId: number }>(sql, [], "run"),
      }),
    );
  }

  async select(sql: string): Promise<DatabaseRow[]> {
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
    this.#closed ??= this.#opened.disposeAsync();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

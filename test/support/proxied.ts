import { openStore } from "../../src/store/open-store.ts";
import type { DatabaseOptions } from "../../src/store/database-options.ts";
import type { Store } from "../../src/store/store.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { database, type Scope, type TestDatabase } from "./servers.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

/** A database of one's own, and a proxy that leads to it. */
export interface Proxied {
  readonly database: TestDatabase;
  readonly proxy: TcpProxy;
  /** How to get to the database through the proxy. */
  readonly options: DatabaseOptions;
  /** Opens a store without tables through the proxy; closed when the scope ends. */
  open(poolSize: number, amended?: Partial<DatabaseOptions>): Promise<Store>;
}

const NO_TABLES: Registry = new Map();

/** A proxy before the server of this run, or before the one given. */
export async function proxied(scope: Scope, server?: TestDatabase): Promise<Proxied> {
  const own = server ?? (await database(scope));
  const proxy = await tcpProxy(scope, own.port);
  const address = { ...own.address, host: proxy.host, port: proxy.port };
  const options = { ...own, address, connectTimeoutMs: 3_000 };
  return {
    database: own,
    proxy,
    options,
    async open(poolSize, amended = {}) {
      const store = await openStore({ ...options, ...amended }, NO_TABLES, poolSize);
      scope.after(() => store.close());
      return store;
    },
  };
}

/** The server's number of the session that a pool of one connection has. */
export async function sessionOf(store: Store): Promise<number> {
  const [row] = await store.select("SELECT CONNECTION_ID() AS id");
  return Number(row?.["id"]);
}

/** The numbers of the sessions of a pool: of all its connections at once. */
export async function sessionsOf(store: Store, poolSize: number): Promise<readonly number[]> {
  const all = Promise.withResolvers<void>();
  const ids: number[] = [];
  const one = () =>
    store.transaction(async (tx) => {
      const [row] = await tx.select("SELECT CONNECTION_ID() AS id");
      if (ids.push(Number(row?.["id"])) === poolSize) all.resolve();
      await all.promise;
    });
  await Promise.all(Array.from({ length: poolSize }, () => one().catch(all.reject)));
  await all.promise;
  return ids.sort((a, b) => a - b);
}

import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { textLiteral } from "./literal.ts";
import type { DatabaseRow, Store } from "./store.ts";

/**
 * One connection of the pool, kept for as long as the work takes. Without the store's statement timeout: a change of a
 * large table takes as long as it takes. Errors come as mysql2 threw them.
 */
export interface Session {
  rows(statement: string): Promise<DatabaseRow[]>;
}

/** Runs `work` on one connection and gives it back to the pool afterwards. */
export function withSession<T>(store: Store, work: (session: Session) => Promise<T>): Promise<T> {
  const pool = store.orm.em.fork().getKysely() as Kysely<unknown>;
  return pool.connection().execute((connection) =>
    work({
      rows: async (statement) => (await sql.raw<DatabaseRow>(statement).execute(connection)).rows,
    }),
  );
}

export interface LockOptions {
  /** How long to wait for another run's lock, in milliseconds. */
  readonly waitMs: number;
  /** Aborted: the waiting ends within two seconds. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another connection holds the lock; its id, when the server still knows it. */
  waiting(holder: number | undefined): void | Promise<void>;
}

export type Locked<T> =
  | { readonly locked: true; readonly value: T }
  | { readonly locked: false; readonly holder: number | undefined };

/**
 * Runs `work` while holding the database's migration lock, on the very connection that holds it: so the lock cannot be lost
 * while a statement of the run is still being executed, also when this process is killed in the middle of one (the server
 * frees a lock of GET_LOCK when the session ends; MySQL 8.4 Reference Manual, "Locking Functions"). A table that another
 * session keeps locked fails a statement after 60 s and does not hold up everyone else's queries behind it for longer.
 */
export function withMigrationLock<T>(
  store: Store,
  options: LockOptions,
  work: (session: Session) => Promise<T>,
): Promise<Locked<T>> {
  return withSession(store, async (session) => {
    const name = textLiteral(lockName(store.orm.config.get("dbName") ?? ""));
    const free = await take(session, name, options);
    if (!free) return { locked: false, holder: await holderOf(session, name) };
    try {
      await session.rows("SET SESSION lock_wait_timeout = 60");
      return { locked: true, value: await work(session) };
    } finally {
      // A lost connection has lost the lock with it, and its error is already on its way.
      await session
        .rows(`SET SESSION lock_wait_timeout = DEFAULT`)
        .then(() => session.rows(`DO RELEASE_LOCK(${name})`))
        .catch(() => {});
    }
  });
}

/** The name of a database's migration lock: at most 64 characters, GET_LOCK's limit. */
export function lockName(database: string): string {
  const plain = `rowpost migrate ${database}`;
  if (plain.length <= 64) return plain;
  return `rowpost migrate ${createHash("sha256").update(database).digest("hex").slice(0, 40)}`;
}

async function take(session: Session, name: string, options: LockOptions): Promise<boolean> {
  const deadline = performance.now() + options.waitMs;
  if (await getLock(session, name, 0)) return true;
  await options.waiting(await holderOf(session, name));
  for (;;) {
    const left = (deadline - performance.now()) / 1000;
    if (left <= 0 || options.signal?.aborted) return false;
    // Asked in short turns: a connection that died while waiting, or a signal to stop, is noticed.
    if (await getLock(session, name, Math.min(left, 2))) return true;
  }
}

async function getLock(session: Session, name: string, seconds: number): Promise<boolean> {
  const [row] = await session.rows(`SELECT GET_LOCK(${name}, ${Math.ceil(seconds)}) AS taken`);
  return Number(row?.["taken"]) === 1;
}

async function holderOf(session: Session, name: string): Promise<number | undefined> {
  const [row] = await session.rows(`SELECT IS_USED_LOCK(${name}) AS holder`);
  return row?.["holder"] == null ? undefined : Number(row["holder"]);
}

import type { MysqlPool, MysqlPoolConnection } from "kysely";
import { Pool as Tarn, TimeoutError } from "tarn";
import { HangWatch } from "./hang-watch.ts";
import { type Connections, cut, within } from "./open-connection.ts";
import { type Owner, PooledConnection } from "./pooled-connection.ts";
import { sessionOf } from "./session.ts";
import { SessionReaper } from "./session-reaper.ts";
import { databaseError, isUnreachable } from "./trouble.ts";

export interface PoolOptions {
  /** Connections at the most. */
  readonly size: number;
  /** How long one waits for a connection while all are in use; then POOL_WAIT. */
  readonly waitMs: number;
  /** A connection that is older is replaced when it is next taken. */
  readonly lifetimeMs: number;
}

/** A connection that nobody used for so long must answer before it is used again. */
const PING_AFTER_MS = 5_000;

/** A connection that nobody used for so long is closed. */
const IDLE_MS = 60_000;

/** How long a new connection may take to tell its session's name. */
const NAMING_MS = 2_000;

/** Beyond every deadline of opening a connection: tarn's own must never be the first. */
const CREATE_MS = 700_000;

/**
 * The connections of one process, in the shape that Kysely uses. What is taken is usable: not broken, not too old, of the
 * current server, and, when it was idle, answering. A connection that waits too long for an answer is looked after: see
 * `HangWatch`.
 */
export class Pool implements MysqlPool {
  readonly #tarn: Tarn<PooledConnection>;
  readonly #used = new Set<PooledConnection>();
  readonly #waiting = new Set<ReturnType<Tarn<PooledConnection>["acquire"]>>();
  readonly #watch: HangWatch;
  readonly #reaper: SessionReaper;
  readonly #options: PoolOptions;
  /** Connections that were born before lead to a server that is not the one any more. */
  #renewed = 0;
  readonly #ending = new AbortController();

  constructor(connections: Connections, options: PoolOptions) {
    this.#options = options;
    const owner: Owner = {
      release: (one) => this.#release(one),
      readOnly: () => this.#renew(),
      cutOff: (session) => this.#reaper.owe(session),
    };
    this.#reaper = new SessionReaper(connections);
    this.#watch = new HangWatch(this.#used, connections, {
      foundHung: () => this.#renew(),
      // Statements that wait for the locks of a session that is owed make no other sign of life.
      answered: () => this.#reaper.again(),
    });
    const validate = (one: PooledConnection) => this.#usable(one);
    this.#tarn = new Tarn<PooledConnection>({
      min: 0,
      max: options.size,
      acquireTimeoutMillis: options.waitMs,
      createTimeoutMillis: CREATE_MS,
      idleTimeoutMillis: IDLE_MS,
      propagateCreateError: true,
      create: () => this.#open(connections, owner),
      destroy: (one) => one.close(),
      // Also a promise will do, which tarn's types leave out.
      validate: validate as unknown as (one: PooledConnection) => boolean,
    });
  }

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    void told(this.#take(), callback as (error: unknown, connection?: MysqlPoolConnection) => void);
  }

  /** Ends everything: what is in use is cut off. */
  end(callback: (error: unknown) => void): void {
    this.#ending.abort(closed());
    this.#watch.stop();
    for (const one of this.#waiting) one.reject(closed());
    for (const one of this.#used) one.giveUp(closed());
    void told(
      this.#tarn.destroy().then(() => this.#reaper.stop()),
      callback,
    );
  }

  async #take(): Promise<PooledConnection> {
    this.#ending.signal.throwIfAborted();
    const asked = this.#tarn.acquire();
    this.#waiting.add(asked);
    try {
      const one = await asked.promise;
      this.#used.add(one);
      if (this.#ending.signal.aborted) one.giveUp(closed());
      this.#watch.start();
      return one;
    } catch (error) {
      throw error instanceof TimeoutError ? this.#waitedTooLong() : error;
    } finally {
      this.#waiting.delete(asked);
    }
  }

  /** When nobody answers, all who wait are told at once: to wait for the next try would not help them. */
  async #open(connections: Connections, owner: Owner): Promise<PooledConnection> {
    try {
      const { signal } = this.#ending;
      const connection = await connections.open({ signal });
      const session = await within(NAMING_MS, sessionOf(connection), { signal }).catch((error: unknown) => {
        cut(connection);
        throw error;
      });
      this.#reaper.again();
      return new PooledConnection(connection, session, owner);
    } catch (error) {
      if (isUnreachable(databaseError(error))) for (const one of this.#waiting) one.reject(error as Error);
      throw error;
    }
  }

  #release(one: PooledConnection): void {
    // A broken one comes twice: when it breaks, and when its user is done.
    if (this.#used.delete(one)) this.#tarn.release(one);
  }

  async #usable(one: PooledConnection): Promise<boolean> {
    const now = performance.now();
    if (one.broken || one.born <= this.#renewed || now - one.born > this.#options.lifetimeMs) return false;
    return now - one.freeSince < PING_AFTER_MS || (await one.ping(this.#ending.signal));
  }

  #renew(): void {
    this.#renewed = performance.now();
  }

  #waitedTooLong(): Error {
    const { size, waitMs } = this.#options;
    const message = `no connection within ${waitMs} ms: all ${size} of the pool are in use`;
    return Object.assign(new Error(message), { code: "POOL_WAIT" });
  }
}

/** Kysely asks with callbacks. */
async function told<T>(work: Promise<T>, callback: (error: unknown, value?: T) => void): Promise<void> {
  let value: T;
  try {
    value = await work;
  } catch (error) {
    callback(error);
    return;
  }
  callback(undefined, value);
}

function closed(): Error {
  return Object.assign(new Error("the store is closed"), { code: "POOL_CLOSED" });
}

import type { MysqlPoolConnection, MysqlQueryResult } from "kysely";
import type { Connection, QueryError, SqlValue } from "mysql2";
import { cut, within } from "./open-connection.ts";
import type { SessionName } from "./session.ts";
import { databaseError, isReadOnly } from "./trouble.ts";

/** What a connection tells the pool that it is from. */
export interface Owner {
  release(connection: PooledConnection): void;
  /** The server only reads: it was the primary and is no more, so what else is open leads to the wrong place, too. */
  readOnly(): void;
  /** It was cut off, and its session may live on. */
  cutOff(session: SessionName): void;
}

/** How long a query of `ping` may take. */
const PING_MS = 2_000;

/**
 * A connection of the pool, in the shape that Kysely uses. It knows since when it waits for an answer.
 *
 * usable → broken: its socket failed, it was given up, or it was destroyed. A broken one never leaves the pool again.
 */
export class PooledConnection implements MysqlPoolConnection {
  readonly config = {};
  readonly session: SessionName;
  /** When it was opened, as `performance.now()` tells. */
  readonly born = performance.now();
  readonly #connection: Connection;
  readonly #owner: Owner;
  #broken = false;
  #busySince: number | undefined;
  #statementBytes = 0;
  #answer: ((error: QueryError | null, result?: unknown) => void) | undefined;
  #freeSince = performance.now();

  constructor(connection: Connection, session: SessionName, owner: Owner) {
    this.#connection = connection;
    this.#owner = owner;
    this.session = session;
    connection.on("error", (error) => this.#fail(error));
    connection.on("end", () => this.#fail(lost()));
  }

  get threadId(): number {
    return this.session.id;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Since when a statement waits for its answer; undefined: none does. */
  get busySince(): number | undefined {
    return this.#busySince;
  }

  /** About how long the statement is that waits for its answer. */
  get statementBytes(): number {
    return this.#statementBytes;
  }

  /** Since when nobody has used it. */
  get freeSince(): number {
    return this.#freeSince;
  }

  /** Bytes that came or that the socket took, ever: as long as it grows, somebody is there. */
  get traffic(): number {
    const { bytesRead, bytesWritten, writableLength } = socketOf(this.#connection);
    return bytesRead + bytesWritten - writableLength;
  }

  /** It is connected already. */
  connect(callback?: (error: unknown) => void): void {
    callback?.(undefined);
  }

  query(
    sql: string,
    parameters: unknown,
    callback?: (error: unknown, result: MysqlQueryResult) => void,
  ): ReturnType<MysqlPoolConnection["query"]> {
    this.#busySince = performance.now();
    this.#statementBytes = sql.length;
    const answer = (error: QueryError | null, result?: unknown) => {
      // Only the first counts: a connection that was cut off has been answered for.
      if (this.#answer !== answer) return;
      this.#answer = undefined;
      this.#busySince = undefined;
      if (error?.fatal) this.#break();
      if (error !== null && isReadOnly(databaseError(error).errno)) this.#owner.readOnly();
      if (error !== null && STATE.test(sql)) this.#cutOff();
      callback?.(error, result as MysqlQueryResult);
    };
    this.#answer = answer;
    if (this.#broken) {
      // The ROLLBACK of a transaction whose connection has failed: mysql2 may still take it, and tell nobody what became of it.
      this.#fail(lost());
      return { stream: () => ({ [Symbol.asyncIterator]: () => undefined }) };
    }
    const command = this.#connection.query(sql, parameters as SqlValue[], answer);
    return command as unknown as ReturnType<MysqlPoolConnection["query"]>;
  }

  release(): void {
    this.#freeSince = performance.now();
    this.#owner.release(this);
  }

  /** Cuts it off; Kysely does that to one whose transaction took too long, and no longer looks at its answer. */
  destroy(): void {
    this.#cutOff();
    this.#answer?.(null, []);
  }

  /** Cuts it off, and has its session ended; what waits for an answer gets this error. */
  giveUp(error: Error): void {
    this.#cutOff();
    this.#fail(error);
  }

  /** Whoever waits is told now: mysql2 tells nobody any more once the pool has cut a broken connection. */
  #fail(error: Error): void {
    this.#break();
    this.#answer?.(Object.assign(error, { fatal: true }) as QueryError);
  }

  #cutOff(): void {
    const mayLive = !this.#broken;
    cut(this.#connection);
    if (mayLive) this.#owner.cutOff(this.session);
    this.#break();
  }

  /** Kysely never gives a connection back whose ROLLBACK failed, so a broken one leaves its place in the pool at once. */
  #break(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#owner.release(this);
  }

  /** True when it answers, soon, and before `signal` is aborted; else it is broken. */
  async ping(signal: AbortSignal): Promise<boolean> {
    const answer = new Promise<boolean>((resolve) =>
      this.#connection.ping((error) => resolve(error === null)),
    );
    const answers = await within(PING_MS, answer, { signal }).catch(() => false);
    if (!answers) this.#break();
    return answers;
  }

  /** Takes leave of the server, and cuts it off when that takes too long. */
  async close(): Promise<void> {
    if (!this.#broken) {
      const bye = new Promise<void>((resolve) => this.#connection.end(() => resolve()));
      await within(GOODBYE_MS, bye).catch(() => {});
    }
    this.#broken = true;
    cut(this.#connection);
  }
}

const GOODBYE_MS = 500;

/** When one of these fails, nobody knows whether the session is in a transaction, and Kysely gives the connection back to nobody. */
const STATE = /^(begin|rollback)$/i;

/** In mysql2's words. */
function lost(): Error {
  const error = new Error("Connection lost: The server closed the connection.");
  return Object.assign(error, { code: "PROTOCOL_CONNECTION_LOST" });
}

interface Socket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writableLength: number;
}

/** mysql2 keeps it in a member that its types leave out. */
function socketOf(connection: Connection): Socket {
  return (connection as unknown as { readonly stream: Socket }).stream;
}

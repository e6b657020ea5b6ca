import { type Connection, type ConnectionOptions, createConnection, format, type SqlValue } from "mysql2";
import { connectFault, preparationFault } from "./connect-fault.ts";
import type { DatabaseOptions, Secret } from "./database-options.ts";
import { databaseError, isUnreachable } from "./trouble.ts";
import { type Way, openWay } from "./way.ts";

/** Opens connections of one configuration, for the pool and beside it. */
export interface Connections extends AsyncDisposable {
  /**
   * A connection that is logged in and whose session is set up. Rejects with a sentence for a person and the driver's code
   * and errno; after `timeoutMs` (the configured time unless given), with ETIMEDOUT; with the signal's reason once aborted.
   */
  open(limits?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Connection>;
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

/** What the server says to a password, or token, that it does not take. */
const REFUSED_LOGINS = new Set([1045, 1698, 1862]);

/** Getting certificates, secrets and tokens takes this long at the most. */
const PREPARATION_MS = 30_000;
const PREPARERS = "where certificates, secrets and tokens come from";

/** What is needed of the options to open a connection; an empty name stands for no database. */
export type ConnectionTarget = Pick<
  DatabaseOptions,
  "address" | "user" | "password" | "name" | "connectTimeoutMs"
>;

/** The connections that `database` leads to. Nothing connects before `open`. */
export async function openConnections(database: ConnectionTarget): Promise<Connections> {
  const way = await openWay(database.address);
  return {
    open: ({ timeoutMs = database.connectTimeoutMs, signal } = {}) =>
      open(database, way, { timeoutMs, signal }),
    [Symbol.asyncDispose]: () => way[Symbol.asyncDispose](),
  };
}

interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function open(database: ConnectionTarget, way: Way, limits: Limits): Promise<Connection> {
  const secret = secretOf(database.password);
  const [to, password] = await prepared(Promise.all([way.options(), secret.read()]), limits);
  try {
    return await connect(database, way, { ...to, password }, limits);
  } catch (error) {
    if (!REFUSED_LOGINS.has(databaseError(error).errno ?? 0)) throw error;
    // It may have been rotated: what its source says now is worth one more try.
    secret.refused();
    const fresh = await prepared(secret.read(), limits);
    if (fresh === password) throw error;
    return connect(database, way, { ...to, password: fresh }, limits);
  }
}

async function prepared<T>(work: Promise<T>, { signal }: Limits): Promise<T> {
  try {
    return await within(PREPARATION_MS, work, { who: PREPARERS, signal });
  } catch (error) {
    throw preparationFault(error);
  }
}

function secretOf(password: string | Secret): Secret {
  return typeof password === "string" ? { read: async () => password, refused() {} } : password;
}

/** Handshake, login and session settings within `timeoutMs`; a connection that isn't ready by then is cut. */
async function connect(
  { address, user, name }: ConnectionTarget,
  way: Way,
  to: ConnectionOptions,
  { timeoutMs, signal }: Limits,
): Promise<Connection> {
  const connection = createConnection({ ...COMMON, user, database: name, ...to });
  try {
    way.secure?.(connection);
    await within(timeoutMs, settingUp(connection), { signal });
    return connection;
  } catch (error) {
    cut(connection);
    if (!isUnreachable(databaseError(error))) way.refused?.();
    throw connectFault(error, address);
  }
}

/** What mysql2 is told beside the address; MikroORM reads times, JSON and large numbers as texts. */
const COMMON: ConnectionOptions = {
  charset: "utf8mb4",
  timezone: "Z",
  supportBigNumbers: true,
  dateStrings: true,
  jsonStrings: true,
  queryFormat,
  // None is prepared; by default each connection keeps half a megabyte for 16,000.
  maxPreparedStatements: 1,
  // Measured by us, with the session's settings; 0 would mean mysql2's own 10 s.
  connectTimeout: 600_000,
};

/** SQL of the hot path comes without placeholders: half a megabyte need not be searched for them. */
function queryFormat(sql: string, values: readonly SqlValue[] | undefined): string {
  return values === undefined || values.length === 0 ? sql : format(sql, [...values]);
}

async function settingUp(connection: Connection): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    connection.once("error", reject);
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  for (const sql of SESSION) {
    await new Promise<void>((resolve, reject) => {
      connection.query(sql, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Ends a connection without a word to the server, which may not be there any more. Commands under way get no answer. */
export function cut(connection: Connection): void {
  // A socket that fails later on has nobody to tell.
  connection.on("error", () => {});
  connection.destroy();
  (connection as unknown as { readonly stream: { destroy(error?: Error): void } }).stream.destroy();
}

/** `work`, or ETIMEDOUT after `ms`, by which `who` has not answered, or the reason of a signal that is aborted. */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  { who = "the database", signal }: { readonly who?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = Object.assign(new Error(`${who} did not answer within ${ms} ms`), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => late.reject(error), ms);
  const aborted = () => late.reject(signal?.reason);
  if (signal?.aborted === true) aborted();
  signal?.addEventListener("abort", aborted);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", aborted);
  }
}

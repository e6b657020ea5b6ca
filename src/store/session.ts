import type { Connection } from "mysql2";

/** A session of the server, by what tells it from every other one, also after a restart, which counts ids anew. */
export interface SessionName {
  readonly id: number;
  /** Where it comes from, as the server sees it: `address:port`, or `localhost` for a socket. */
  readonly host: string;
}

/** What a session is at; absent: the server knows no such session (any more). */
export type SessionState = "idle" | "at_work";

/** The name of a connection's own session. */
export async function sessionOf(connection: Connection): Promise<SessionName> {
  const [row] = await rowsOf(connection, `${SELECT} WHERE id = CONNECTION_ID()`);
  return { id: Number(row?.["id"]), host: String(row?.["host"]) };
}

/** What these sessions are at, by id. */
export async function statesOf(
  connection: Connection,
  sessions: readonly SessionName[],
): Promise<ReadonlyMap<number, SessionState>> {
  const ids = sessions.map(({ id }) => id).join(",");
  const rows = await rowsOf(connection, `${SELECT} WHERE id IN (${ids})`);
  const hosts = new Map(sessions.map(({ id, host }) => [id, host]));
  const ours = rows.filter((row) => hosts.get(Number(row["id"])) === String(row["host"]));
  return new Map(ours.map((row) => [Number(row["id"]), row["command"] === "Sleep" ? "idle" : "at_work"]));
}

/** Ends these sessions; those that are gone already need nothing. What they held is rolled back. */
export async function killSessions(connection: Connection, sessions: readonly SessionName[]): Promise<void> {
  const found = await statesOf(connection, sessions);
  for (const id of found.keys()) {
    // Between the two statements it may have ended by itself: 1094, ER_NO_SUCH_THREAD.
    await rowsOf(connection, `KILL CONNECTION ${id}`).catch((error: { errno?: number }) => {
      if (error.errno !== 1094) throw error;
    });
  }
}

/** An account sees its own sessions without any privilege (MySQL 8.4 Reference Manual, "The INFORMATION_SCHEMA PROCESSLIST Table"). */
const SELECT = "SELECT id AS id, host AS host, command AS command FROM information_schema.processlist";

function rowsOf(connection: Connection, sql: string): Promise<readonly Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error, rows) => {
      if (error) reject(error);
      else resolve(Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []);
    });
  });
}

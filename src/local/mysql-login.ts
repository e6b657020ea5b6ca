import type { Connection } from "mysql2";
import type { DatabaseOptions } from "../store/database-options.ts";
import { cut, openConnections } from "../store/open-connection.ts";

/** What a client needs to log in. */
export type MysqlLogin = Pick<DatabaseOptions, "address" | "user" | "password">;

/** The login to a server that was started here: TCP on this machine, with a password that is ours. */
export interface LocalLogin extends MysqlLogin {
  readonly address: {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
    readonly tls: undefined;
  };
  readonly password: string;
}

/** Logs in once, without a database, and runs one statement. Rejects with the driver's error. */
export async function runStatement(login: MysqlLogin, sql: string): Promise<readonly unknown[]> {
  await using connections = await openConnections({ ...login, name: "", connectTimeoutMs: 2_000 });
  const connection = await connections.open();
  try {
    return await rowsOf(connection, sql);
  } finally {
    cut(connection);
  }
}

function rowsOf(connection: Connection, sql: string): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error, rows) =>
      error ? reject(error) : resolve(Array.isArray(rows) ? rows : []),
    );
  });
}

/** Asks for the version, "10.11.19-MariaDB…" or "9.7.4". Rejects with the driver's error. */
export async function mysqlVersion(login: MysqlLogin): Promise<string> {
  const [row] = await runStatement(login, "SELECT VERSION() AS version");
  return String((row as { readonly version: unknown }).version);
}

/** Resolves when the server lets this login in. */
export async function mysqlAnswers(login: MysqlLogin): Promise<void> {
  await mysqlVersion(login);
}

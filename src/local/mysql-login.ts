import { createConnection } from "mysql2/promise";
import type { DatabaseOptions } from "../store/open-store.ts";

/** What a client needs to log in. */
export interface MysqlLogin {
  readonly address: DatabaseOptions["address"];
  readonly user: string;
  readonly password: string;
}

/** Logs in once and asks for the version, "10.11.19-MariaDB…" or "9.7.4". Rejects with the driver's error. */
export async function mysqlVersion(login: MysqlLogin): Promise<string> {
  const { address, user, password } = login;
  const where =
    address.kind === "socket" ? { socketPath: address.path } : { host: address.host, port: address.port };
  const connection = await createConnection({ ...where, user, password, connectTimeout: 2_000 });
  try {
    const [rows] = await connection.query({ sql: "SELECT VERSION()", rowsAsArray: true });
    return String((rows as unknown[][])[0]?.[0]);
  } finally {
    connection.destroy();
  }
}

/** Resolves when the server lets this login in. */
export async function mysqlAnswers(login: MysqlLogin): Promise<void> {
  await mysqlVersion(login);
}

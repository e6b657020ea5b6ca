import { createConnection } from "mysql2/promise";
import { identifier } from "../store/literal.ts";
import type { MysqlLogin } from "./mysql-login.ts";

/** Makes an empty database, if there is none of this name. Rejects with the driver's error. */
export async function createDatabase({ address, user, password }: MysqlLogin, name: string): Promise<void> {
  const where =
    address.kind === "socket" ? { socketPath: address.path } : { host: address.host, port: address.port };
  const connection = await createConnection({ ...where, user, password, connectTimeout: 5_000 });
  try {
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${identifier(name)} CHARACTER SET utf8mb4`);
  } finally {
    await connection.end();
  }
}

import { identifier } from "../store/literal.ts";
import { type MysqlLogin, runStatement } from "./mysql-login.ts";

/** Makes an empty database, if there is none of this name. Rejects with the driver's error. */
export async function createDatabase(login: MysqlLogin, name: string): Promise<void> {
  await runStatement(login, `CREATE DATABASE IF NOT EXISTS ${identifier(name)} CHARACTER SET utf8mb4`);
}

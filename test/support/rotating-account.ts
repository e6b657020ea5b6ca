import { randomBytes } from "node:crypto";
import { createConnection } from "mysql2/promise";
import type { Scope, TestDatabase } from "./servers.ts";

/** An account of one's own on a test's database, whose password changes. */
export interface RotatingAccount {
  readonly user: string;
  /** Every password so far. */
  readonly passwords: readonly string[];
  /** Gives it a new password, which the server asks for from now on; open connections stay. */
  rotate(): Promise<string>;
  /** Ends its connections. */
  cut(): Promise<void>;
}

/** Made with its first password; dropped when the scope ends. */
export async function rotatingAccount(scope: Scope, database: TestDatabase): Promise<RotatingAccount> {
  const user = `u_${randomBytes(6).toString("hex")}`;
  const passwords: string[] = [];
  const next = () => {
    const password = `pw-${randomBytes(12).toString("hex")}`;
    passwords.push(password);
    return password;
  };
  await database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${next()}'`);
  await database.query(`GRANT ALL ON ${database.name}.* TO '${user}'@'%'`);
  scope.after(() => drop(database, user));
  return {
    user,
    passwords,
    async rotate() {
      const password = next();
      await database.query(`ALTER USER '${user}'@'%' IDENTIFIED BY '${password}'`);
      return password;
    },
    async cut() {
      const rows = await database.query(
        `SELECT id AS id FROM information_schema.processlist WHERE user='${user}'`,
      );
      for (const { id } of rows) await database.query(`KILL ${String(id)}`).catch(() => {});
    },
  };
}

/** By then the database itself may be gone. */
async function drop({ address, user, password }: TestDatabase, account: string): Promise<void> {
  const connection = await createConnection({ host: address.host, port: address.port, user, password });
  try {
    await connection.query(`DROP USER '${account}'@'%'`);
  } finally {
    await connection.end();
  }
}

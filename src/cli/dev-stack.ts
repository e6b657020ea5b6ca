import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { createDatabase } from "../local/create-database.ts";
import type { LocalLogin } from "../local/mysql-login.ts";
import { type LocalMysql, openMysql } from "../local/mysql-server.ts";
import { type LocalEmulator, openEmulator } from "../local/pubsub-emulator.ts";
import { type CliContext, databaseOptions } from "./context.ts";

/** The servers of a local stack and the configuration that leads to them. */
export interface DevStack extends AsyncDisposable {
  readonly mysql: LocalMysql;
  readonly emulator: LocalEmulator;
  readonly config: Config;
}

/**
 * Brings up MySQL and a Pub/Sub broker, or takes those that are configured, and makes the database. What was started is ended,
 * and its data removed, by disposing of the stack.
 */
export async function openDevStack(context: CliContext, folder: string): Promise<DevStack> {
  const configured = context.config();
  await using servers = new AsyncDisposableStack();
  servers.defer(() => rm(folder, { recursive: true, force: true }));
  const say = (line: string) => context.stderr.write(`  ${line}\n`);
  const isGiven = configured.database.address !== undefined;
  const given = isGiven ? { configured: databaseOptions(configured) } : {};
  const host = context.emulatorHost;
  const opening = [
    openMysql({ ...given, folder: join(folder, "mysql"), temporary: true, say }).then((one) =>
      servers.use(one),
    ),
    openEmulator({ ...(host === undefined ? {} : { configured: host }), folder, say }).then((one) =>
      servers.use(one),
    ),
  ] as const;
  // Both have to be known before either is given up: what came up must be ended.
  await Promise.allSettled(opening);
  const [mysql, emulator] = await Promise.all(opening);
  await createDatabase(mysql.login, configured.database.name);
  const config = mysql.ownLogin === undefined ? configured : leadingTo(configured, mysql.ownLogin);
  const owned = servers.move();
  return { mysql, emulator, config, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The configuration with a server of our own in it. */
function leadingTo(config: Config, { address, user, password }: LocalLogin): Config {
  return {
    ...config,
    database: { ...config.database, address, user, password: { kind: "text", text: password } },
  };
}

import type { Readable, Writable } from "node:stream";
import type { Config, DatabaseAddress } from "../config.ts";
import type { DatabaseOptions } from "../store/open-store.ts";

/** What a command may know of the process; only the door (`src/cli.ts`) makes one. */
export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Aborted by the first SIGINT or SIGTERM; its reason is the signal's name. */
  readonly signal: AbortSignal;
  /** PUBSUB_EMULATOR_HOST, as the Google client libraries name it. */
  readonly emulatorHost: string | undefined;
  /** The configuration; throws {@link CliError} with every fault of the environment. */
  config(): Config;
  /** Sets the exit code (0 done, 1 failed, 2 wrong use) and goes on. */
  exitCode(code: 0 | 1 | 2): void;
}

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Ends a command with one clear message and an exit code, without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The database to connect to, or an error that names the ways to say so. */
export function databaseOptions(config: Config): DatabaseOptions {
  const { address } = config.database;
  if (address === undefined) throw new CliError(NO_ADDRESS, 2);
  return { ...config.database, address };
}

const NO_ADDRESS =
  "no database is configured: set INSTANCE_HOST (TCP, with DB_PORT) or INSTANCE_UNIX_SOCKET (a socket's path); " +
  "`npm start` brings up a whole local stack instead";

/** How an address reads in a message. */
export function addressText(address: DatabaseAddress): string {
  return address.kind === "tcp" ? `${address.host}:${address.port}` : address.path;
}

import type { Readable, Writable } from "node:stream";
import type { Config, DatabaseAddress, SecretSource } from "../config.ts";
import { openSecrets, type Secrets } from "../secrets/open-secrets.ts";
import type { DatabaseOptions, Secret } from "../store/database-options.ts";

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

/** The database to connect to, or an error that names the ways to say so. Nothing is read or asked for yet. */
export function databaseOptions(config: Config, secrets: Secrets = secretsOf(config)): DatabaseOptions {
  const { address, iam, password, ...rest } = config.database;
  if (address === undefined) throw new CliError(NO_ADDRESS, 2);
  return {
    ...rest,
    address: addressOf(address, iam, config.endpoints.sqlAdmin, secrets),
    password: iam ? iamPassword(address, secrets) : secrets.of(variableOf("DB_PASS", password), password),
  };
}

/** Where the configured secrets come from; nothing is read or asked for yet. */
export function secretsOf({ endpoints }: Config): Secrets {
  return openSecrets({ endpoint: endpoints.secretManager });
}

/** The variable that a source was set by, for its errors: `DB_PASS` or `DB_PASS_FILE`. */
export function variableOf(name: string, { kind }: SecretSource): string {
  return kind === "file" ? `${name}_FILE` : name;
}

function addressOf(
  address: DatabaseAddress,
  iam: boolean,
  adminEndpoint: string | undefined,
  secrets: Secrets,
): DatabaseOptions["address"] {
  switch (address.kind) {
    case "tcp": {
      const { tls } = address;
      if (tls === undefined) return { ...address, tls };
      const of = (name: string, source: SecretSource | undefined) => source && secrets.of(name, source);
      const ca = secrets.of("DB_ROOT_CERT", tls.ca);
      const pem = { ca, cert: of("DB_CERT", tls.cert), key: of("DB_KEY", tls.key) };
      return { ...address, tls: { ...pem, serverName: tls.serverName, cleartextPassword: iam } };
    }
    case "socket":
      return address;
    case "cloud-sql":
      return { ...address, iam, adminEndpoint };
    default:
      return address satisfies never;
  }
}

/**
 * Over TLS the token of the moment is the password. The connector puts it into its certificate; on a socket, and on this
 * machine without TLS, a Cloud SQL Auth Proxy does the same: then there is none.
 */
function iamPassword(address: DatabaseAddress, secrets: Secrets): string | Secret {
  return address.kind === "tcp" && address.tls !== undefined ? secrets.accessToken("DB_IAM_USER") : "";
}

const NO_ADDRESS =
  "no database is configured: set INSTANCE_HOST (TCP, with DB_PORT), INSTANCE_UNIX_SOCKET (a socket's path) or " +
  "INSTANCE_CONNECTION_NAME (Cloud SQL, project:region:instance); `npm start` brings up a whole local stack instead";

/** How an address reads in a message. */
export function addressText(address: DatabaseAddress | DatabaseOptions["address"]): string {
  switch (address.kind) {
    case "tcp":
      return `${address.host}:${address.port}`;
    case "socket":
      return address.path;
    case "cloud-sql":
      return `${address.instance} (${address.network} address)`;
    default:
      return address satisfies never;
  }
}

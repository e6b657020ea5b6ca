import type { DatabaseAddress } from "./database-options.ts";
import { tlsFault } from "./server-identity.ts";
import { type DatabaseError, databaseError, isUnreachable } from "./trouble.ts";
import { instanceFault } from "./way-cloud-sql-fault.ts";

/**
 * Why there is no connection, in one sentence for a person: where, and what to do. Code, errno and cause stay. Its class is
 * "environment", whatever happened: nothing was under way that a second try could mend.
 */
export function connectFault(error: unknown, address: DatabaseAddress): Error {
  const { errno, code, message } = databaseError(error);
  const text = errno === undefined ? unconnected(code, error, address) : refused(errno, message, address);
  return fault(text ?? message, { errno, code }, error);
}

/** The same of what a connection needs before it can be tried: certificates, secrets, tokens; they say themselves what is wrong. */
export function preparationFault(error: unknown): Error {
  // A code of the cause's would be read as the server's: a file that is missing is not a socket that is, and an API that does
  // not answer is not a server that is away. A socket's ENOENT is: the file goes with its server.
  const { code } = error as { readonly code?: string };
  const elsewhere = code !== "ENOENT" && isUnreachable({ errno: undefined, code, message: "" });
  const own = elsewhere ? undefined : code;
  return fault(
    error instanceof Error ? error.message : String(error),
    { errno: undefined, code: own },
    error,
  );
}

function fault(text: string, { errno, code }: Pick<DatabaseError, "errno" | "code">, cause: unknown): Error {
  return Object.assign(new Error(text, { cause }), {
    errno,
    code: code ?? "NO_CONNECTION",
    connecting: true,
  });
}

/** The server's own refusal, with what to look at. Source of the numbers: see `trouble.ts`. */
function refused(errno: number, message: string, address: DatabaseAddress): string {
  const advice = REFUSALS[errno]?.(address);
  return advice === undefined ? message : `${message}; ${advice}`;
}

const REFUSALS: Readonly<Record<number, (address: DatabaseAddress) => string>> = {
  1044: () => "check DB_NAME, or grant it to the user",
  1045: login,
  1049: () => "check DB_NAME, or create the database",
  1130: () => "no account of the server may come from this machine's address",
  1698: login,
  3159: () => "set DB_ROOT_CERT, the server's CA, to use TLS",
};

/** An account that demands TLS, or a client certificate, refuses a login without it as if the password were wrong. */
function login(address: DatabaseAddress): string {
  const { tls } = address.kind === "tcp" ? address : {};
  if (tls?.cleartextPassword || (address.kind === "cloud-sql" && address.iam)) {
    return "check DB_IAM_USER, and that its principal may log in to the instance (roles/cloudsql.instanceUser)";
  }
  const check = "check DB_USER and the password";
  if (address.kind !== "tcp") return check;
  if (tls === undefined) return `${check}; an account that demands TLS needs DB_ROOT_CERT`;
  if (tls.cert !== undefined) return `${check}, and DB_CERT if the account names a certificate`;
  return `${check}; an account that demands a client certificate needs DB_CERT and DB_KEY`;
}

/** There is no server, or none that we and it can agree with. */
function unconnected(code: string | undefined, error: unknown, address: DatabaseAddress): string | undefined {
  if (address.kind === "cloud-sql") return instanceFault(error, address);
  if (code?.startsWith("ERR_SSL_")) return tlsFault(error as Error).message;
  const where = placeOf(address);
  if (address.kind === "socket" && code === "EACCES") return `this user may not use the socket ${where}`;
  const text = UNCONNECTED[code ?? ""];
  return text?.replace("%", where);
}

function placeOf(address: DatabaseAddress): string {
  switch (address.kind) {
    case "tcp":
      return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
    case "socket":
      return address.path;
    case "cloud-sql":
      return address.instance;
    default:
      return address satisfies never;
  }
}

const LOST =
  "% ended the connection before the login was done; a proxy does so when it cannot reach its database";
const NO_WAY = "there is no way from this machine to %";

/** By the codes of Node.js and mysql2; `%` is the place. */
const UNCONNECTED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens on %",
  ECONNRESET: LOST,
  EAI_AGAIN: "the name in % cannot be looked up at the moment: the name server does not answer",
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  ENOTFOUND: "there is no host of the name in %",
  EPIPE: LOST,
  ETIMEDOUT: "% did not answer in time; is the address right, and no firewall in between?",
  HANDSHAKE_NO_SSL_SUPPORT: "% offers no TLS, which DB_ROOT_CERT asks for",
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED:
    "% asks for the password as it is; only the token of DB_IAM_USER is sent so, and only over TLS (DB_ROOT_CERT)",
  PROTOCOL_CONNECTION_LOST: LOST,
};

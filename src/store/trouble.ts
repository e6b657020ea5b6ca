/**
 * What to do about an error of the database. `permanent`: the data can never be taken, reject the update that brought it;
 * `transient`: the same batch may succeed in a moment; `environment`: nothing will succeed until someone or something
 * outside has changed, so intake pauses; `unknown`: transient for a bounded number of tries, then the data is refused.
 */
export type TroubleClass = "permanent" | "transient" | "environment" | "unknown";

/** The codes of the closed list that a server's refusal can become. */
export type RefusalCode = "unique_conflict" | "foreign_key" | "check_failed" | "data_refused";

/** Permanent errors by errno. Source: MySQL 8.4 and MariaDB 10.11 Server Error Message References. */
const PERMANENT = new Map<number, RefusalCode>([
  [1062, "unique_conflict"], // ER_DUP_ENTRY
  [1586, "unique_conflict"], // ER_DUP_ENTRY_WITH_KEY_NAME
  [1557, "unique_conflict"], // ER_FOREIGN_DUPLICATE_KEY
  [1761, "unique_conflict"], // ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO
  [1762, "unique_conflict"], // ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO
  [1153, "data_refused"], // ER_NET_PACKET_TOO_LARGE: one row alone is larger than a packet
  [1216, "foreign_key"], // ER_NO_REFERENCED_ROW
  [1217, "foreign_key"], // ER_ROW_IS_REFERENCED
  [1451, "foreign_key"], // ER_ROW_IS_REFERENCED_2
  [1452, "foreign_key"], // ER_NO_REFERENCED_ROW_2
  [3819, "check_failed"], // ER_CHECK_CONSTRAINT_VIOLATED
  [4025, "check_failed"], // MariaDB: ER_CONSTRAINT_FAILED
  [1048, "data_refused"], // ER_BAD_NULL_ERROR
  [1264, "data_refused"], // ER_WARN_DATA_OUT_OF_RANGE
  [1265, "data_refused"], // WARN_DATA_TRUNCATED
  [1292, "data_refused"], // ER_TRUNCATED_WRONG_VALUE
  [1364, "data_refused"], // ER_NO_DEFAULT_FOR_FIELD
  [1366, "data_refused"], // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  [1367, "data_refused"], // ER_ILLEGAL_VALUE_FOR_TYPE
  [1406, "data_refused"], // ER_DATA_TOO_LONG
  [1411, "data_refused"], // ER_WRONG_VALUE_FOR_TYPE
  [1416, "data_refused"], // ER_CANT_CREATE_GEOMETRY_OBJECT
  [1644, "data_refused"], // ER_SIGNAL_EXCEPTION: a trigger's SIGNAL
  [1690, "data_refused"], // ER_DATA_OUT_OF_RANGE
  [3140, "data_refused"], // ER_INVALID_JSON_TEXT
  [3141, "data_refused"], // ER_INVALID_JSON_TEXT_IN_PARAM
  [3143, "data_refused"], // ER_INVALID_JSON_PATH
  [3150, "data_refused"], // ER_JSON_VALUE_TOO_BIG
  [3157, "data_refused"], // ER_JSON_DOCUMENT_TOO_DEEP
]);

const TRANSIENT = new Set<number>([
  1205, // ER_LOCK_WAIT_TIMEOUT
  1213, // ER_LOCK_DEADLOCK
  1020, // ER_CHECKREAD: MariaDB with innodb_snapshot_isolation
  1158, // ER_NET_READ_ERROR_FROM_PIPE … 1161: the connection broke while in use
  1159,
  1160,
  1161,
  1180, // ER_ERROR_DURING_COMMIT
  1317, // ER_QUERY_INTERRUPTED
  1412, // ER_TABLE_DEF_CHANGED: a migration ran beside the batch
  1615, // ER_NEED_REPREPARE
  1927, // MariaDB: ER_CONNECTION_KILLED
  1969, // MariaDB: ER_STATEMENT_TIMEOUT
  2006, // CR_SERVER_GONE_ERROR
  2013, // CR_SERVER_LOST
  3024, // ER_QUERY_TIMEOUT
  3058, // ER_USER_LOCK_DEADLOCK
  3572, // ER_LOCK_NOWAIT
  4031, // ER_CLIENT_INTERACTION_TIMEOUT
]);

const ENVIRONMENT = new Set<number>([
  1021, // ER_DISK_FULL
  1030, // ER_GET_ERRNO: from the storage engine, mostly the disk
  1037, // ER_OUTOFMEMORY
  1040, // ER_CON_COUNT_ERROR
  1041, // ER_OUT_OF_RESOURCES
  1044, // ER_DBACCESS_DENIED_ERROR
  1045, // ER_ACCESS_DENIED_ERROR
  1046, // ER_NO_DB_ERROR
  1049, // ER_BAD_DB_ERROR
  1053, // ER_SERVER_SHUTDOWN
  1054, // ER_BAD_FIELD_ERROR: a migration has not run yet
  1114, // ER_RECORD_FILE_FULL
  1129, // ER_HOST_IS_BLOCKED
  1130, // ER_HOST_NOT_PRIVILEGED
  1142, // ER_TABLEACCESS_DENIED_ERROR
  1143, // ER_COLUMNACCESS_DENIED_ERROR
  1146, // ER_NO_SUCH_TABLE
  1194, // ER_CRASHED_ON_USAGE
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1226, // ER_USER_LIMIT_REACHED
  1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
  1290, // ER_OPTION_PREVENTS_STATEMENT: read-only after a failover
  1698, // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1820, // ER_MUST_CHANGE_PASSWORD
  1836, // ER_READ_ONLY_MODE
  1862, // ER_MUST_CHANGE_PASSWORD_LOGIN
  1874, // ER_INNODB_READ_ONLY
  2002, // CR_CONNECTION_ERROR
  2003, // CR_CONN_HOST_ERROR
  2005, // CR_UNKNOWN_HOST
  3118, // ER_ACCOUNT_HAS_BEEN_LOCKED
  3159, // ER_SECURE_TRANSPORT_REQUIRED
  3675, // ER_INNODB_OUT_OF_DISK: tablespace cannot grow
  4151, // MariaDB: ER_ACCOUNT_HAS_BEEN_LOCKED
]);

/** Node.js system errors and mysql2's own codes. A connection that was in use is worth one more try; no connection is not. */
const BY_CODE = new Map<string, TroubleClass>([
  ["ECONNRESET", "transient"],
  ["EPIPE", "transient"],
  ["PROTOCOL_CONNECTION_LOST", "transient"],
  ["PROTOCOL_SEQUENCE_TIMEOUT", "transient"],
  ["ABORT_ERR", "transient"],
  ["CONNECTION_HUNG", "transient"], // given up, see HangWatch
  ["POOL_WAIT", "transient"],
  ["RECEIPT_RACE", "transient"], // two deliveries of one key in two transactions
  ["ECONNREFUSED", "environment"],
  ["ETIMEDOUT", "environment"],
  ["EHOSTUNREACH", "environment"],
  ["EHOSTDOWN", "environment"],
  ["ENETUNREACH", "environment"],
  ["ENOTFOUND", "environment"],
  ["EAI_AGAIN", "environment"],
  ["ENOENT", "environment"], // no such Unix socket
  ["EACCES", "environment"],
  ["NEWER_SCHEMA", "environment"], // a breaking migration of a newer version
  ["HANDSHAKE_SSL_ERROR", "environment"],
  ["HANDSHAKE_NO_SSL_SUPPORT", "environment"],
  ["AUTH_SWITCH_PLUGIN_ERROR", "environment"],
  ["POOL_CLOSED", "environment"],
  ["POOL_NONEWCONN", "environment"],
  ["SECRET_UNAVAILABLE", "environment"], // a password, certificate or token could not be had
]);

/** The server takes no writes: it was started so, is a replica, or became one in a failover. */
const READ_ONLY = new Set<number>([1290, 1792, 1836, 1874]);

/** Whether the server has refused to write, for it only reads. */
export function isReadOnly(errno: number | undefined): boolean {
  return errno !== undefined && READ_ONLY.has(errno);
}

/** Of Node.js and mysql2: there is no server at the other end, or none that answers. */
const UNREACHABLE = new Set<string>([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT", // a Unix socket goes with its server
  "EPIPE",
  "ETIMEDOUT",
  "PROTOCOL_CONNECTION_LOST",
]);

/** Whether nobody answers where the server was. A server's own refusal is an answer. */
export function isUnreachable({ errno, code }: DatabaseError): boolean {
  return errno === undefined && code !== undefined && UNREACHABLE.has(code);
}

/** The parts of a driver's error that say what happened. */
export interface DatabaseError {
  readonly errno: number | undefined;
  readonly code: string | undefined;
  readonly message: string;
}

/** Reads errno, code and the server's text from whatever was thrown; looks into `cause` when the error has none itself. */
export function databaseError(error: unknown): DatabaseError {
  const e = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  if (e["errno"] === undefined && e["code"] === undefined && e["cause"] !== undefined) {
    return databaseError(e["cause"]);
  }
  const errno = typeof e["errno"] === "number" && e["errno"] > 0 ? e["errno"] : undefined;
  const code =
    typeof e["code"] === "string" ? e["code"] : e["name"] === "AbortError" ? "ABORT_ERR" : undefined;
  const text = e["sqlMessage"] ?? e["message"];
  return { errno, code, message: typeof text === "string" ? text : String(error) };
}

/** The class of an error, by the server's errno, else by the system's code; see the three tables above. */
export function classify(error: unknown): TroubleClass {
  if (isConnecting(error)) return "environment";
  const { errno, code, message } = databaseError(error);
  if (errno !== undefined) {
    if (PERMANENT.has(errno)) return "permanent";
    if (TRANSIENT.has(errno)) return "transient";
    if (ENVIRONMENT.has(errno)) return "environment";
  }
  const known = code === undefined ? undefined : BY_CODE.get(code);
  if (known !== undefined) return known;
  if (isConnectError(error)) return "environment";
  // mysql2 gives no code when a command meets a connection that has just been closed
  return /closed state|connection is closed|aborted|timed? ?out/i.test(message) ? "transient" : "unknown";
}

/** Whether there is no connection to work on: none could be opened, or the one in use has ended. */
export function isDisconnected(error: unknown): boolean {
  return isConnecting(error) || isConnectError(error);
}

/** `connect-fault.ts` marks what kept a connection from being opened. */
function isConnecting(error: unknown): boolean {
  const e = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return e["connecting"] === true || (e["cause"] !== undefined && isConnecting(e["cause"]));
}

/** mysql2 marks what ends a connection, or keeps it from being made, as fatal: TLS, the handshake, the network. */
function isConnectError(error: unknown): boolean {
  const e = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return e["fatal"] === true || (e["cause"] !== undefined && isConnectError(e["cause"]));
}

/** The rejection code of a permanent error; `data_refused` for what the table does not know. */
export function refusalCode(error: unknown): RefusalCode {
  const { errno } = databaseError(error);
  return (errno === undefined ? undefined : PERMANENT.get(errno)) ?? "data_refused";
}

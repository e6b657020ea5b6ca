/** Where MySQL is, how to log in, and how long anything may take. Structurally near the `database` part of the configuration. */
export interface DatabaseOptions {
  readonly address: DatabaseAddress;
  readonly user: string;
  /** A text that never changes, or one that is asked for each new connection. */
  readonly password: string | Secret;
  readonly name: string;
  /** A connection is open, with its handshake and login, after this time, or not at all. */
  readonly connectTimeoutMs: number;
  /** A transaction that takes longer is given up: its query is killed and its connection dropped. */
  readonly statementTimeoutMs: number;
  /** How long one waits for a connection while all are in use. */
  readonly poolWaitMs: number;
  /** A connection that is older is replaced when it is next taken. */
  readonly poolLifetimeMs: number;
}

/** The ways to a server. */
export type DatabaseAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: Tls | undefined }
  | { readonly kind: "socket"; readonly path: string }
  | CloudSqlAddress;

/** An instance of Cloud SQL, reached by Google's connector: mutual TLS 1.3 with certificates that it fetches and renews. */
export interface CloudSqlAddress {
  readonly kind: "cloud-sql";
  /** `project:region:instance`. */
  readonly instance: string;
  /** Which of its addresses. */
  readonly network: "public" | "private" | "psc";
  /** Log in with the identity of Google's application default credentials, without a password. */
  readonly iam: boolean;
  /** Of the SQL Admin API, as a URL; undefined: Google's own. */
  readonly adminEndpoint: string | undefined;
}

/** TLS to a server that is reached by TCP. Each PEM text is read anew for each new connection. */
export interface Tls {
  /** The CA that signed the server's certificate. */
  readonly ca: Secret;
  /** The client's certificate and its key: both or neither. */
  readonly cert: Secret | undefined;
  readonly key: Secret | undefined;
  /** The name that the server's certificate must bear; undefined: the host. */
  readonly serverName: string | undefined;
  /** The server may ask for the password as it is: a token of an IAM login is checked elsewhere than in MySQL. */
  readonly cleartextPassword: boolean;
}

/** A text that may change while the program runs: a password, a token, a key. */
export interface Secret {
  /** What it is now; rejects with a sentence, which never holds it, when it cannot be had. */
  read(): Promise<string>;
  /** A server has refused what `read` gave: the next `read` asks where it comes from. */
  refused(): void;
}

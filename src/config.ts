import { z } from "zod";

/** How to reach MySQL, in the order in which the variables win. */
export type DatabaseAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: Tls | undefined }
  | { readonly kind: "socket"; readonly path: string }
  | {
      readonly kind: "cloud-sql";
      /** `project:region:instance`. */
      readonly instance: string;
      readonly network: "public" | "private" | "psc";
    };

export interface Tls {
  readonly ca: SecretSource;
  readonly cert: SecretSource | undefined;
  readonly key: SecretSource | undefined;
  /** The name that the server's certificate must bear; undefined: the host. */
  readonly serverName: string | undefined;
}

/** Where a secret comes from. */
export type SecretSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "gcp-secret";
      /** `projects/P/secrets/S/versions/V`, or that of a regional secret: `projects/P/locations/L/secrets/…`. */
      readonly version: string;
    };

/** Everything that rowpost can be told, checked and frozen. Times are in the unit that the name says. */
export interface Config {
  readonly database: {
    readonly address: DatabaseAddress | undefined;
    readonly user: string;
    /** Log in with the identity of Google's application default credentials, in place of a password. */
    readonly iam: boolean;
    readonly password: SecretSource;
    readonly name: string;
    readonly connectTimeoutMs: number;
    readonly statementTimeoutMs: number;
    readonly poolWaitMs: number;
    readonly poolLifetimeMs: number;
  };
  /** Other addresses of Google's APIs, as URLs; undefined: Google's own. */
  readonly endpoints: { readonly sqlAdmin: string | undefined; readonly secretManager: string | undefined };
  readonly pubsub: {
    readonly project: string;
    readonly topic: string;
    readonly subscription: string;
    /** The subscription's own dead-letter policy, for messages that kill the process. */
    readonly backstopTopic: string;
    readonly backstopSubscription: string;
    readonly maxDeliveryAttempts: number;
    /** Where rejected updates are also published; undefined: nowhere. */
    readonly deadLetterTopic: string | undefined;
    /** The Avro schema that the topic may be given. */
    readonly schema: string;
    readonly streams: number;
    readonly leaseSeconds: number;
    readonly messageRetentionHours: number;
  };
  readonly worker: {
    readonly lanes: number;
    readonly batchSize: number;
    readonly maxMessages: number;
    readonly maxBytes: number;
    readonly graceSeconds: number;
    readonly host: string;
    readonly port: number;
  };
  /** The sidecar. */
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Items in one `POST /updates` at the most. */
    readonly batchItems: number;
    readonly bodyBytes: number;
    /** Longest `Prefer: wait=N`, in seconds. */
    readonly longestWait: number;
    /** How long `POST /update/{table}` waits, in seconds. */
    readonly flatRowWait: number;
    /** Updates on their way to the broker at the most. */
    readonly maxPending: number;
    readonly maxPendingBytes: number;
    readonly publishTimeoutMs: number;
    /** The file that keeps what is published; undefined: nobody does. */
    readonly journal: string | undefined;
    /** Connections to the database at the most. */
    readonly connections: number;
    /** The worker's health server, whose readiness is part of this one's; undefined: there is none. */
    readonly workerUrl: string | undefined;
    /** Requests of one principal in a second at the most; 0: no limit. */
    readonly ratePerSecond: number;
    /** Whose pages may read the answers. */
    readonly corsOrigins: readonly string[];
  };
  /** Who may do what. */
  readonly access: {
    /** How the sidecar knows who asks. */
    readonly auth: Authentication;
    readonly policyFile: string | undefined;
    /** Keys with commas between: the first signs, all verify; undefined: principals travel unsigned. */
    readonly signingKeys: SecretSource | undefined;
  };
  readonly limits: { readonly changes: number; readonly dataBytes: number; readonly depth: number };
  readonly retention: {
    readonly receiptHours: number;
    readonly deadLetterHours: number;
    readonly replayMaxAgeHours: number;
    readonly purgeIntervalSeconds: number;
  };
  /** Where spans are sent; undefined: nowhere. */
  readonly tracing: Tracing | undefined;
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
}

/** What the variables of OpenTelemetry say ("OpenTelemetry Protocol Exporter", "General SDK Configuration"). */
export interface Tracing {
  /** Of an OTLP receiver for traces, protobuf over HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** undefined: the process' own. */
  readonly serviceName: string | undefined;
  readonly resource: Readonly<Record<string, string>>;
  readonly sampling: { readonly ratio: number; readonly parentBased: boolean };
}

/** How the sidecar knows who asks. */
export type Authentication =
  | {
      readonly kind: "none";
      /** Only this machine is meant to reach it. */
      readonly localOnly: boolean;
    }
  | { readonly kind: "api-key"; readonly file: string }
  | {
      readonly kind: "oidc";
      readonly issuers: readonly string[];
      readonly audience: string;
      /** undefined: where each issuer's discovery document says. */
      readonly jwksUrl: string | undefined;
    };

/** How a reference to a secret in Google's Secret Manager begins. */
const GCP_SECRET = "gcp-secret://";

/** The name of the secret's version; undefined when the text is no reference. */
function gcpSecret(text: string): string | undefined {
  return /^gcp-secret:\/\/(projects\/[\w:.-]+(\/locations\/[a-z0-9-]+)?\/secrets\/[\w-]{1,255}\/versions\/[\w-]{1,63})$/.exec(
    text,
  )?.[1];
}

const listed = (text: string) => text.split(",").map((one) => one.trim());

const count = (fallback: number, min: number, max: number) =>
  z.coerce.number<string>().int().min(min).max(max).default(fallback);
const text = (fallback: string) => z.string().min(1).default(fallback);
const resource = (fallback: string) =>
  z
    .string()
    .regex(
      /^(projects\/[^/]+\/(topics|subscriptions|schemas)\/)?[A-Za-z][\w.~+%-]{2,254}$/,
      "is not a Pub/Sub resource name",
    )
    .default(fallback);

/** A text, or a reference to a version of a secret in Secret Manager. */
const secret = z.string().refine((text) => !text.startsWith(GCP_SECRET) || gcpSecret(text) !== undefined, {
  error: `is not ${GCP_SECRET}projects/P/secrets/S/versions/V`,
});

/** `name=value,name=value` with values as in URLs (OpenTelemetry specification, "Specifying headers via environment variables"). */
const pairs = z
  .string()
  .refine((text) => pairsOf(text) !== undefined, "must be name=value, several with commas between")
  .optional();

function pairsOf(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return {};
  const read: [string, string][] = [];
  for (const one of listed(text)) {
    const [, name, value = ""] = /^([\w.!#$&'*+^`|~-]+)\s*=\s*(\S*)$/.exec(one) ?? [];
    const text = decoded(value);
    if (name === undefined || text === undefined) return undefined;
    read.push([name, text]);
  }
  return Object.fromEntries(read);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const endpoint = z.url({ protocol: /^https?$/ }).optional();

/** Bytes of a signing key at the least: those of the hash (RFC 2104, section 3). */
const SHORTEST_KEY = 32;

/** What a text of signing keys must be, for messages, which never repeat it. */
export const SIGNING_KEYS_RULE = `must be one or more keys of at least ${SHORTEST_KEY} bytes, with commas between`;

/** The keys of a text with commas between; undefined when it breaks the rule. */
export function signingKeysOf(text: string): readonly [string, ...string[]] | undefined {
  const [first = "", ...others] = listed(text);
  const keys = [first, ...others] as const;
  return keys.every((key) => Buffer.byteLength(key) >= SHORTEST_KEY) ? keys : undefined;
}

/** Each variable: its rule and its default. The README's table is checked against this object. */
export const VARIABLES = {
  INSTANCE_HOST: z.string().min(1).optional().describe("MySQL host for TCP"),
  DB_PORT: count(3306, 1, 65_535).describe("MySQL port for TCP"),
  DB_ROOT_CERT: secret
    .optional()
    .describe("File, or gcp-secret:// reference, of the server's CA: turns TLS on for TCP"),
  DB_CERT: secret.optional().describe("File, or reference, of the client certificate, with DB_KEY"),
  DB_KEY: secret.optional().describe("File, or reference, of the client key, with DB_CERT"),
  DB_SERVER_NAME: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Name in the server's certificate, if it is not INSTANCE_HOST; Cloud SQL's is project:instance",
    ),
  INSTANCE_UNIX_SOCKET: z
    .string()
    .min(1)
    .optional()
    .describe("MySQL Unix socket, when INSTANCE_HOST is not set"),
  INSTANCE_CONNECTION_NAME: z
    .string()
    .regex(/^([\w.-]+:)?[\w.-]+:[\w-]+:[\w-]+$/, "is not project:region:instance")
    .optional()
    .describe("Cloud SQL instance project:region:instance, when neither of these is set"),
  PRIVATE_IP: z
    .stringbool()
    .optional()
    .describe("1: the instance's private address, the same as INSTANCE_NETWORK=private"),
  INSTANCE_NETWORK: z
    .enum(["public", "private", "psc"])
    .optional()
    .describe("The instance's address to use: public, private or psc; public unless said"),
  DB_USER: text("root").describe("MySQL user"),
  DB_PASS: secret.optional().describe("MySQL password, or a gcp-secret:// reference to it"),
  DB_PASS_FILE: z.string().min(1).optional().describe("File that holds it, in place of DB_PASS"),
  DB_IAM_USER: z
    .string()
    .min(1)
    // Cloud SQL, "Log in using IAM database authentication".
    .regex(/^[^@]*$/, "MySQL's name of a Google account is what stands before its @: leave out the rest")
    .optional()
    .describe(
      "MySQL user that logs in as Google's application default credentials, in place of DB_USER and DB_PASS",
    ),
  DB_NAME: text("rowpost").describe("MySQL database"),
  DB_CONNECT_TIMEOUT_MS: count(3_000, 100, 120_000).describe("Longest time to open a connection"),
  DB_STATEMENT_TIMEOUT_MS: count(30_000, 100, 600_000).describe("Longest time for one batch transaction"),
  DB_POOL_WAIT_MS: count(30_000, 100, 600_000).describe("Longest wait for a connection while all are in use"),
  DB_POOL_LIFETIME_SECONDS: count(1_800, 1, 86_400).describe("Age at which a connection is replaced"),
  GOOGLE_CLOUD_PROJECT: text("rowpost-local").describe("Google Cloud project of the topic and subscription"),
  PUBSUB_TOPIC: resource("rowpost-updates").describe("Topic of the updates"),
  PUBSUB_SUBSCRIPTION: resource("rowpost-updates-worker").describe("Subscription that the workers pull"),
  PUBSUB_BACKSTOP_TOPIC: resource("rowpost-undeliverable").describe(
    "Topic of the subscription's dead-letter policy",
  ),
  PUBSUB_BACKSTOP_SUBSCRIPTION: resource("rowpost-undeliverable-worker").describe(
    "Subscription of that topic",
  ),
  PUBSUB_MAX_DELIVERY_ATTEMPTS: count(20, 5, 100).describe("Deliveries before the broker gives up a message"),
  PUBSUB_DEAD_LETTER_TOPIC: resource("x")
    .unwrap()
    .optional()
    .describe("Topic to which rejected updates are also sent"),
  PUBSUB_SCHEMA: resource("rowpost-update").describe("Schema that topology apply --schema gives the topic"),
  PUBSUB_STREAMS: count(5, 1, 50).describe("StreamingPull streams of one worker"),
  PUBSUB_LEASE_SECONDS: count(60, 10, 600).describe(
    "Lease of a message: what a killed worker held comes again after it",
  ),
  PUBSUB_MESSAGE_RETENTION_HOURS: count(96, 1, 744).describe("How long the subscription keeps a message"),
  LANES: count(4, 1, 64).describe("Batch transactions at once; each holds one connection"),
  BATCH_SIZE: count(500, 1, 5_000).describe("Updates in one transaction at the most"),
  MAX_MESSAGES: count(5_000, 1, 100_000).describe("Messages outstanding in one worker"),
  MAX_BYTES: count(64 * 1024 * 1024, 1024, 2 ** 31).describe("Bytes outstanding in one worker"),
  GRACE_SECONDS: count(25, 1, 600).describe("Time from SIGTERM to exit"),
  WORKER_HOST: text("127.0.0.1").describe("Address of the worker's health and metrics"),
  WORKER_PORT: count(8081, 0, 65_535).describe("Port of the worker's health and metrics; 0 takes a free one"),
  HTTP_HOST: text("127.0.0.1").describe("Address of the sidecar"),
  PORT: count(8080, 0, 65_535).describe("Port of the sidecar; 0 takes a free one"),
  HTTP_MAX_UPDATES: count(1_000, 1, 10_000).describe("Updates in one request at the most"),
  HTTP_MAX_BODY_BYTES: count(8 * 1024 * 1024, 1024, 64 * 1024 * 1024).describe(
    "Size of one request's body at the most",
  ),
  HTTP_LONGEST_WAIT_SECONDS: count(30, 1, 55).describe("Longest time that Prefer: wait=N may ask for"),
  HTTP_UPDATE_WAIT_SECONDS: count(10, 1, 55).describe("How long POST /update/{table} waits for its receipt"),
  HTTP_MAX_PENDING: count(5_000, 1, 100_000).describe(
    "Updates on their way to the broker; what comes then gets 503",
  ),
  HTTP_MAX_PENDING_BYTES: count(32 * 1024 * 1024, 1024, 2 ** 31).describe("Their bytes at the most"),
  HTTP_PUBLISH_TIMEOUT_MS: count(10_000, 100, 55_000).describe(
    "Longest time for the broker to confirm an update; then 503",
  ),
  PUBLISH_JOURNAL: z
    .string()
    .min(1)
    .optional()
    .describe("File to which the sidecar adds a line for each update that it publishes, for rowpost verify"),
  HTTP_CONNECTIONS: count(4, 1, 64).describe("Database connections of the sidecar"),
  WORKER_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Worker whose readiness is part of the sidecar's, such as http://127.0.0.1:8081"),
  AUTH: z
    .enum(["none", "api-key", "oidc"])
    .default("none")
    .describe("How the sidecar knows who asks: none, api-key or oidc"),
  AUTH_NONE_OK: z
    .literal("1", { error: "must be 1 or not set" })
    .optional()
    .describe("1: AUTH=none also where others than this machine can reach it"),
  API_KEYS_FILE: z.string().min(1).optional().describe("File of the API keys' hashes, for AUTH=api-key"),
  OIDC_ISSUER: z
    .string()
    .refine((text) => listed(text).every((one) => /^https?:\/\/[^\s/]/.test(one)), "must be one or more URLs")
    .optional()
    .describe("Whose tokens are taken, for AUTH=oidc; several with commas between"),
  OIDC_AUDIENCE: z.string().min(1).optional().describe("The audience that a token must name"),
  OIDC_JWKS_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where the issuers' keys are, if not where their discovery documents say"),
  POLICY_FILE: z.string().min(1).optional().describe("File that grants principals what they may do"),
  PUBLISHER_SIGNING_KEY: secret
    .refine((text) => text.startsWith(GCP_SECRET) || signingKeysOf(text) !== undefined, SIGNING_KEYS_RULE)
    .optional()
    .describe(
      "Signs who published an update, or a gcp-secret:// reference to it; of several with commas between, the first signs and all verify",
    ),
  PUBLISHER_SIGNING_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("File that holds it, in place of PUBLISHER_SIGNING_KEY"),
  RATE_LIMIT_PER_SECOND: count(0, 0, 1_000_000).describe(
    "Requests of one principal in a second at the most; 0: no limit",
  ),
  CORS_ORIGINS: z
    .string()
    .refine(
      (text) => listed(text).every((one) => URL.canParse(one) && new URL(one).origin === one),
      "must be one or more origins, such as https://example.org",
    )
    .optional()
    .describe("Origins whose pages may read the answers; several with commas between"),
  MAX_CHANGES: count(100, 1, 1_000).describe("Changes in one update at the most"),
  MAX_DATA_BYTES: count(1024 * 1024, 64, 10_000_000).describe("Size of one update at the most"),
  MAX_DEPTH: count(64, 4, 90).describe("Nesting of one update's JSON at the most"),
  RECEIPT_RETENTION_HOURS: count(168, 1, 87_600).describe("How long a receipt is kept"),
  DEAD_LETTER_RETENTION_HOURS: count(720, 1, 87_600).describe("How long a dead letter is kept"),
  REPLAY_MAX_AGE_HOURS: count(144, 1, 87_600).describe("Age up to which a dead letter may be replayed"),
  PURGE_INTERVAL_SECONDS: count(60, 1, 86_400).describe("Time between two purges"),
  SQL_ADMIN_ENDPOINT: endpoint.describe("URL of the SQL Admin API, if not Google's own"),
  SECRET_MANAGER_ENDPOINT: endpoint.describe("URL of the Secret Manager API, if not Google's own"),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.describe(
    "OpenTelemetry receiver, such as http://127.0.0.1:4318: turns tracing on",
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.describe("The whole URL for traces, in its place"),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .literal("http/protobuf", { error: "must be http/protobuf, the one that is spoken here, or not set" })
    .optional()
    .describe("How spans are sent: http/protobuf"),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.describe("Headers to it, such as name=value,name=value"),
  OTEL_SERVICE_NAME: z
    .string()
    .min(1)
    .optional()
    .describe("Name in the traces; rowpost-worker, rowpost-sidecar or rowpost-publish unless said"),
  OTEL_RESOURCE_ATTRIBUTES: pairs.describe("What else the traces say of this process, such as name=value"),
  OTEL_TRACES_SAMPLER: z
    .enum([
      "parentbased_always_on",
      "parentbased_traceidratio",
      "parentbased_always_off",
      "always_on",
      "traceidratio",
      "always_off",
    ])
    .default("parentbased_always_on")
    .describe("Which traces are recorded, by OpenTelemetry's names"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number<string>()
    .min(0)
    .max(1)
    .default(1)
    .describe("The share for a sampler by ratio, of 1"),
  OTEL_SDK_DISABLED: z.stringbool().optional().describe("true: no tracing, whatever else is set"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal"])
    .default("info")
    .describe("Least severe log line"),
} as const;

const Environment = z.object(VARIABLES);
type Variables = z.output<typeof Environment>;

/** A Config, or every fault at once, each naming its variable. */
export type ConfigResult =
  | { readonly config: Config; readonly faults?: undefined }
  | { readonly config?: undefined; readonly faults: readonly string[] };

/** Reads the environment; an empty variable counts as not set. Pure. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(set);
  if (parsed.success) {
    const faults = crossFaults(parsed.data, new Set());
    return faults.length > 0 ? { faults } : { config: deepFreeze(assemble(parsed.data)) };
  }
  const { issues } = parsed.error;
  const faulty = new Set(issues.map(({ path }) => String(path[0])));
  const others = Environment.parse(
    Object.fromEntries(Object.entries(set).filter(([name]) => !faulty.has(name))),
  );
  const single = issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  return { faults: [...single, ...crossFaults(others, faulty)] };
}

/** A rule between variables; it is not asked when one of them is faulty itself. */
interface CrossRule {
  readonly of: readonly (keyof Variables)[];
  faults(v: Variables): readonly (string | false)[];
}

function crossFaults(v: Variables, faulty: ReadonlySet<string>): string[] {
  return CROSS_RULES.filter(({ of }) => !of.some((name) => faulty.has(name)))
    .flatMap((rule) => rule.faults(v))
    .filter((fault) => fault !== false);
}

const CROSS_RULES: readonly CrossRule[] = [
  {
    of: ["DB_CERT", "DB_KEY"],
    faults: (v) => [
      (v.DB_CERT === undefined) !== (v.DB_KEY === undefined) && "DB_CERT, DB_KEY: set both or neither",
    ],
  },
  {
    of: ["DB_CERT", "DB_ROOT_CERT"],
    faults: (v) => [
      v.DB_CERT !== undefined &&
        v.DB_ROOT_CERT === undefined &&
        "DB_CERT: needs DB_ROOT_CERT, the server's CA",
    ],
  },
  {
    of: ["DB_SERVER_NAME", "DB_ROOT_CERT"],
    faults: (v) => [
      v.DB_SERVER_NAME !== undefined &&
        v.DB_ROOT_CERT === undefined &&
        "DB_SERVER_NAME: needs DB_ROOT_CERT, the server's CA",
    ],
  },
  {
    of: ["DB_PASS", "DB_PASS_FILE", "DB_IAM_USER"],
    faults: (v) => [
      v.DB_PASS !== undefined && v.DB_PASS_FILE !== undefined && "DB_PASS, DB_PASS_FILE: set one of them",
      v.DB_IAM_USER !== undefined &&
        (v.DB_PASS ?? v.DB_PASS_FILE) !== undefined &&
        "DB_IAM_USER: logs in without a password, so unset DB_PASS and DB_PASS_FILE",
    ],
  },
  {
    of: ["DB_IAM_USER", "INSTANCE_HOST", "DB_ROOT_CERT"],
    faults: (v) => [
      v.DB_IAM_USER !== undefined &&
        v.INSTANCE_HOST !== undefined &&
        v.DB_ROOT_CERT === undefined &&
        !isLoopback(v.INSTANCE_HOST) &&
        "DB_IAM_USER: needs DB_ROOT_CERT for TCP, else its token would travel unencrypted",
    ],
  },
  {
    of: ["PRIVATE_IP", "INSTANCE_NETWORK"],
    faults: (v) => [
      v.PRIVATE_IP !== undefined &&
        v.INSTANCE_NETWORK !== undefined &&
        v.PRIVATE_IP !== (v.INSTANCE_NETWORK === "private") &&
        `PRIVATE_IP, INSTANCE_NETWORK: they disagree; set INSTANCE_NETWORK alone`,
    ],
  },
  {
    of: ["PUBLISHER_SIGNING_KEY", "PUBLISHER_SIGNING_KEY_FILE"],
    faults: (v) => [
      v.PUBLISHER_SIGNING_KEY !== undefined &&
        v.PUBLISHER_SIGNING_KEY_FILE !== undefined &&
        "PUBLISHER_SIGNING_KEY, PUBLISHER_SIGNING_KEY_FILE: set one of them",
    ],
  },
  {
    of: ["RECEIPT_RETENTION_HOURS", "PUBSUB_MESSAGE_RETENTION_HOURS", "REPLAY_MAX_AGE_HOURS"],
    faults: (v) =>
      retentionFaults(v.RECEIPT_RETENTION_HOURS, v.PUBSUB_MESSAGE_RETENTION_HOURS, v.REPLAY_MAX_AGE_HOURS),
  },
  {
    of: ["AUTH", "HTTP_HOST", "AUTH_NONE_OK"],
    faults: (v) => [
      v.AUTH === "none" &&
        v.AUTH_NONE_OK === undefined &&
        !isLoopback(v.HTTP_HOST) &&
        `AUTH: none lets everybody who can reach HTTP_HOST ${v.HTTP_HOST} publish; set AUTH, or AUTH_NONE_OK=1 if that is meant`,
    ],
  },
  {
    of: ["AUTH", "POLICY_FILE"],
    faults: (v) => [
      v.AUTH === "oidc" &&
        v.POLICY_FILE === undefined &&
        "POLICY_FILE: is needed for AUTH=oidc, as an issuer may give a token to anybody",
    ],
  },
  ...(["API_KEYS_FILE", "OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_JWKS_URL"] as const).map(authRule),
];

/** What goes with one way of authentication: needed there (but for a URL), and read nowhere else. */
function authRule(name: "API_KEYS_FILE" | "OIDC_ISSUER" | "OIDC_AUDIENCE" | "OIDC_JWKS_URL"): CrossRule {
  const auth = name === "API_KEYS_FILE" ? "api-key" : "oidc";
  return {
    of: ["AUTH", name],
    faults: (v) => [
      v.AUTH === auth &&
        v[name] === undefined &&
        name !== "OIDC_JWKS_URL" &&
        `${name}: is needed for AUTH=${auth}`,
      v.AUTH !== auth &&
        v[name] !== undefined &&
        `${name}: is only read with AUTH=${auth}, and AUTH is ${v.AUTH}`,
    ],
  };
}

/** Whether only this machine can reach the address. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/**
 * A receipt must outlive every way by which its update can come again. All in hours; also called with what the live
 * subscription says.
 */
export function retentionFaults(receiptHours: number, messageHours: number, replayHours: number): string[] {
  const faults: string[] = [];
  if (receiptHours <= messageHours) {
    faults.push(
      `RECEIPT_RETENTION_HOURS: ${receiptHours} h must exceed the subscription's message retention of ${messageHours} h, ` +
        "else a late redelivery is applied twice",
    );
  }
  if (receiptHours <= replayHours) {
    faults.push(
      `RECEIPT_RETENTION_HOURS: ${receiptHours} h must exceed REPLAY_MAX_AGE_HOURS of ${replayHours} h, ` +
        "else a replay is applied twice",
    );
  }
  return faults;
}

function assemble(v: Variables): Config {
  return {
    database: {
      address: databaseAddress(v),
      user: v.DB_IAM_USER ?? v.DB_USER,
      iam: v.DB_IAM_USER !== undefined,
      password: secretOf(v.DB_PASS, v.DB_PASS_FILE) ?? { kind: "text", text: "" },
      name: v.DB_NAME,
      connectTimeoutMs: v.DB_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: v.DB_STATEMENT_TIMEOUT_MS,
      poolWaitMs: v.DB_POOL_WAIT_MS,
      poolLifetimeMs: v.DB_POOL_LIFETIME_SECONDS * 1000,
    },
    endpoints: { sqlAdmin: v.SQL_ADMIN_ENDPOINT, secretManager: v.SECRET_MANAGER_ENDPOINT },
    pubsub: {
      project: v.GOOGLE_CLOUD_PROJECT,
      topic: v.PUBSUB_TOPIC,
      subscription: v.PUBSUB_SUBSCRIPTION,
      backstopTopic: v.PUBSUB_BACKSTOP_TOPIC,
      backstopSubscription: v.PUBSUB_BACKSTOP_SUBSCRIPTION,
      maxDeliveryAttempts: v.PUBSUB_MAX_DELIVERY_ATTEMPTS,
      deadLetterTopic: v.PUBSUB_DEAD_LETTER_TOPIC,
      schema: v.PUBSUB_SCHEMA,
      streams: v.PUBSUB_STREAMS,
      leaseSeconds: v.PUBSUB_LEASE_SECONDS,
      messageRetentionHours: v.PUBSUB_MESSAGE_RETENTION_HOURS,
    },
    worker: {
      lanes: v.LANES,
      batchSize: v.BATCH_SIZE,
      maxMessages: v.MAX_MESSAGES,
      maxBytes: v.MAX_BYTES,
      graceSeconds: v.GRACE_SECONDS,
      host: v.WORKER_HOST,
      port: v.WORKER_PORT,
    },
    http: {
      host: v.HTTP_HOST,
      port: v.PORT,
      batchItems: v.HTTP_MAX_UPDATES,
      bodyBytes: v.HTTP_MAX_BODY_BYTES,
      longestWait: v.HTTP_LONGEST_WAIT_SECONDS,
      flatRowWait: v.HTTP_UPDATE_WAIT_SECONDS,
      maxPending: v.HTTP_MAX_PENDING,
      maxPendingBytes: v.HTTP_MAX_PENDING_BYTES,
      publishTimeoutMs: v.HTTP_PUBLISH_TIMEOUT_MS,
      journal: v.PUBLISH_JOURNAL,
      connections: v.HTTP_CONNECTIONS,
      workerUrl: v.WORKER_URL,
      ratePerSecond: v.RATE_LIMIT_PER_SECOND,
      corsOrigins: v.CORS_ORIGINS === undefined ? [] : listed(v.CORS_ORIGINS),
    },
    access: {
      auth: authentication(v),
      policyFile: v.POLICY_FILE,
      signingKeys: secretOf(v.PUBLISHER_SIGNING_KEY, v.PUBLISHER_SIGNING_KEY_FILE),
    },
    limits: { changes: v.MAX_CHANGES, dataBytes: v.MAX_DATA_BYTES, depth: v.MAX_DEPTH },
    retention: {
      receiptHours: v.RECEIPT_RETENTION_HOURS,
      deadLetterHours: v.DEAD_LETTER_RETENTION_HOURS,
      replayMaxAgeHours: v.REPLAY_MAX_AGE_HOURS,
      purgeIntervalSeconds: v.PURGE_INTERVAL_SECONDS,
    },
    tracing: tracingOf(v),
    logLevel: v.LOG_LEVEL,
  };
}

function tracingOf(v: Variables): Tracing | undefined {
  const general = v.OTEL_EXPORTER_OTLP_ENDPOINT;
  const url = v.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (general && `${general.replace(/\/+$/, "")}/v1/traces`);
  if (url === undefined || v.OTEL_SDK_DISABLED === true) return undefined;
  return {
    url,
    headers: pairsOf(v.OTEL_EXPORTER_OTLP_HEADERS) ?? {},
    serviceName: v.OTEL_SERVICE_NAME,
    resource: pairsOf(v.OTEL_RESOURCE_ATTRIBUTES) ?? {},
    sampling: samplingOf(v),
  };
}

function samplingOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: Variables) {
  const ratio = name.endsWith("always_on") ? 1 : name.endsWith("always_off") ? 0 : share;
  return { ratio, parentBased: name.startsWith("parentbased") };
}

/** After the cross rules: what a way needs is there. */
function authentication(v: Variables): Authentication {
  switch (v.AUTH) {
    case "none":
      return { kind: "none", localOnly: v.AUTH_NONE_OK === undefined };
    case "api-key":
      return { kind: "api-key", file: v.API_KEYS_FILE ?? "" };
    case "oidc": {
      const issuers = listed(v.OIDC_ISSUER ?? "");
      return { kind: "oidc", issuers, audience: v.OIDC_AUDIENCE ?? "", jwksUrl: v.OIDC_JWKS_URL };
    }
    default:
      return v.AUTH satisfies never;
  }
}

function databaseAddress(v: Variables): DatabaseAddress | undefined {
  if (v.INSTANCE_HOST !== undefined) {
    return { kind: "tcp", host: v.INSTANCE_HOST, port: v.DB_PORT, tls: tlsOf(v) };
  }
  if (v.INSTANCE_UNIX_SOCKET !== undefined) return { kind: "socket", path: v.INSTANCE_UNIX_SOCKET };
  if (v.INSTANCE_CONNECTION_NAME === undefined) return undefined;
  const network = v.INSTANCE_NETWORK ?? (v.PRIVATE_IP ? "private" : "public");
  return { kind: "cloud-sql", instance: v.INSTANCE_CONNECTION_NAME, network };
}

function tlsOf(v: Variables): Tls | undefined {
  const ca = pemOf(v.DB_ROOT_CERT);
  return ca && { ca, cert: pemOf(v.DB_CERT), key: pemOf(v.DB_KEY), serverName: v.DB_SERVER_NAME };
}

/** The variable of a certificate or key holds a path, or a reference. */
function pemOf(text: string | undefined): SecretSource | undefined {
  if (text === undefined) return undefined;
  const version = gcpSecret(text);
  return version === undefined ? { kind: "file", path: text } : { kind: "gcp-secret", version };
}

/** The variable of a password or signing key holds the text itself, or a reference; or a file does. */
function secretOf(text: string | undefined, file: string | undefined): SecretSource | undefined {
  if (text === undefined) return file === undefined ? undefined : { kind: "file", path: file };
  const version = gcpSecret(text);
  return version === undefined ? { kind: "text", text } : { kind: "gcp-secret", version };
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) {
      deepFreeze(member);
    }
  }
  return Object.freeze(value);
}

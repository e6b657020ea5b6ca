import { z } from "zod";

/** How to reach MySQL, in the order in which the variables win. */
export type DatabaseAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: Tls | undefined }
  | { readonly kind: "socket"; readonly path: string };

export interface Tls {
  readonly caFile: string;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** Everything that rowpost can be told, checked and frozen. Times are in the unit that the name says. */
export interface Config {
  readonly database: {
    readonly address: DatabaseAddress | undefined;
    readonly user: string;
    readonly password: string;
    readonly name: string;
    readonly connectTimeoutMs: number;
    readonly statementTimeoutMs: number;
  };
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
    /** The first signs, all verify; undefined: principals travel unsigned. */
    readonly signingKeys: readonly [string, ...string[]] | undefined;
  };
  readonly limits: { readonly changes: number; readonly dataBytes: number; readonly depth: number };
  readonly retention: {
    readonly receiptHours: number;
    readonly deadLetterHours: number;
    readonly replayMaxAgeHours: number;
    readonly purgeIntervalSeconds: number;
  };
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
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

/** Bytes of a signing key at the least. */
const SHORTEST_KEY = 32;

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

/** Each variable: its rule and its default. The README's table is checked against this object. */
export const VARIABLES = {
  INSTANCE_HOST: z.string().min(1).optional().describe("MySQL host for TCP"),
  DB_PORT: count(3306, 1, 65_535).describe("MySQL port for TCP"),
  DB_ROOT_CERT: z.string().min(1).optional().describe("File of the server's CA: turns TLS on for TCP"),
  DB_CERT: z.string().min(1).optional().describe("File of the client certificate, with DB_KEY"),
  DB_KEY: z.string().min(1).optional().describe("File of the client key, with DB_CERT"),
  INSTANCE_UNIX_SOCKET: z
    .string()
    .min(1)
    .optional()
    .describe("MySQL Unix socket, when INSTANCE_HOST is not set"),
  DB_USER: text("root").describe("MySQL user"),
  DB_PASS: z.string().default("").describe("MySQL password"),
  DB_NAME: text("rowpost").describe("MySQL database"),
  DB_CONNECT_TIMEOUT_MS: count(5_000, 100, 120_000).describe("Longest time to open a connection"),
  DB_STATEMENT_TIMEOUT_MS: count(30_000, 100, 600_000).describe("Longest time for one batch transaction"),
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
  PUBLISHER_SIGNING_KEY: z
    .string()
    .refine(
      (text) => listed(text).every((one) => Buffer.byteLength(one) >= SHORTEST_KEY),
      `must be one or more keys of at least ${SHORTEST_KEY} bytes`,
    )
    .optional()
    .describe(
      "Signs who published an update; of several with commas between, the first signs and all verify",
    ),
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
      user: v.DB_USER,
      password: v.DB_PASS,
      name: v.DB_NAME,
      connectTimeoutMs: v.DB_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: v.DB_STATEMENT_TIMEOUT_MS,
    },
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
      connections: v.HTTP_CONNECTIONS,
      workerUrl: v.WORKER_URL,
      ratePerSecond: v.RATE_LIMIT_PER_SECOND,
      corsOrigins: v.CORS_ORIGINS === undefined ? [] : listed(v.CORS_ORIGINS),
    },
    access: {
      auth: authentication(v),
      policyFile: v.POLICY_FILE,
      signingKeys: signingKeys(v),
    },
    limits: { changes: v.MAX_CHANGES, dataBytes: v.MAX_DATA_BYTES, depth: v.MAX_DEPTH },
    retention: {
      receiptHours: v.RECEIPT_RETENTION_HOURS,
      deadLetterHours: v.DEAD_LETTER_RETENTION_HOURS,
      replayMaxAgeHours: v.REPLAY_MAX_AGE_HOURS,
      purgeIntervalSeconds: v.PURGE_INTERVAL_SECONDS,
    },
    logLevel: v.LOG_LEVEL,
  };
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

function signingKeys({ PUBLISHER_SIGNING_KEY: text }: Variables): [string, ...string[]] | undefined {
  return text === undefined ? undefined : (listed(text) as [string, ...string[]]);
}

function databaseAddress(v: Variables): DatabaseAddress | undefined {
  if (v.INSTANCE_HOST !== undefined) {
    const tls =
      v.DB_ROOT_CERT === undefined
        ? undefined
        : { caFile: v.DB_ROOT_CERT, certFile: v.DB_CERT, keyFile: v.DB_KEY };
    return { kind: "tcp", host: v.INSTANCE_HOST, port: v.DB_PORT, tls };
  }
  return v.INSTANCE_UNIX_SOCKET === undefined ? undefined : { kind: "socket", path: v.INSTANCE_UNIX_SOCKET };
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) {
      deepFreeze(member);
    }
  }
  return Object.freeze(value);
}

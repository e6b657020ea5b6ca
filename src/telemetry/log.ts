import { type DestinationStream, type Logger, pino } from "pino";
import type { TraceContext } from "./trace-context.ts";

export type Log = Logger;
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

export interface LogOptions {
  readonly level: LogLevel;
  /** What every line is labelled with, beside what it says: which process and version wrote it. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The Google Cloud project of the traces, in the names of traces. */
  readonly project?: string;
  /** Where the lines go, one JSON object each; default standard output. */
  readonly destination?: DestinationStream;
}

/** Google Cloud documentation, "LogEntry": LogSeverity. */
const SEVERITY: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

const SECRETS = [
  "password",
  "passwd",
  "pass",
  "secret",
  "token",
  "accessToken",
  "access_token",
  "authorization",
  "cookie",
  "apiKey",
  "x-api-key",
  "signature",
  "rowpost-signature",
  "signingKey",
  "signingKeys",
  "PUBLISHER_SIGNING_KEY",
  "privateKey",
  "private_key",
  "DB_PASS",
];

const LONGEST_TEXT = 4_000;

/**
 * A log in Cloud Logging's structured form ("Structured logging", special fields): `severity`, `time`, `message`, the labels,
 * and of a line's `trace`, a {@link TraceContext}, its trace, span and whether it is sampled. Values under the names of
 * secrets are replaced, to three levels deep; of an error only what names it is written, never its SQL or parameters.
 */
export function createLog({ level, labels, project = "", destination }: LogOptions): Log {
  const options = {
    level,
    base: labels === undefined ? null : { [`${CLOUD}labels`]: labels },
    messageKey: "message",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: {
      level: (label: string) => ({ severity: SEVERITY[label] ?? "DEFAULT" }),
      log: (line: Record<string, unknown>) => withTrace(line, project),
    },
    serializers: { err: describeError, error: describeError },
    redact: { paths: SECRETS.flatMap(pathsOf), censor: "[secret]" },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** How the special fields of Cloud Logging begin that other programs might use for something else. */
const CLOUD = "logging.googleapis.com/";

/** A trace as Cloud Logging and Cloud Trace know it by name. */
function withTrace(line: Record<string, unknown>, project: string): Record<string, unknown> {
  if (line["trace"] === undefined) return line;
  const { trace, ...others } = line;
  const { traceId, spanId, sampled } = trace as TraceContext;
  return {
    ...others,
    [`${CLOUD}trace`]: `projects/${project}/traces/${traceId}`,
    [`${CLOUD}spanId`]: spanId,
    [`${CLOUD}trace_sampled`]: sampled,
  };
}

/** Where a secret of this name may stand, in the way that pino writes paths: `*["x-api-key"]`. */
function pathsOf(name: string): string[] {
  const member = `["${name}"]`;
  return [member, `*${member}`, `*.*${member}`];
}

/** What a log line says of an error and of its causes. */
interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly errno?: number;
  readonly stack?: string;
  readonly cause?: unknown;
}

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) {
    return error;
  }
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  const description: ErrorDescription = {
    type: error.name,
    message: error.message.slice(0, LONGEST_TEXT),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(typeof errno === "number" ? { errno } : {}),
    ...(depth === 0 && error.stack !== undefined ? { stack: error.stack.slice(0, LONGEST_TEXT) } : {}),
    ...(error.cause === undefined || depth > 4 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
  return description;
}

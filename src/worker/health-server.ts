import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LevelChange } from "../telemetry/level-change.ts";
import type { LogLevelSwitch } from "../telemetry/log-level.ts";

/** How the process is: what keeps it from being ready, one code and one sentence each. */
export interface Health {
  readonly ready: boolean;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What `/log-level` reads and switches. */
  readonly logLevel: LogLevelSwitch;
  health(): Health;
  /** The metrics, in the format that the `Accept` header likes better. */
  metrics(accept: string | undefined): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface HealthServer extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
  /** Ends it, open connections too. Twice does no harm. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * The worker's probes and metrics for its neighbours (Kubernetes documentation, "Liveness, Readiness, and Startup Probes").
 * - `/livez` and `/startupz`: 200 as long as the event loop turns, also while the worker waits for its database, and while
 *   it stops: nothing there is cured by a restart, and a stop that hangs is ended by the grace period.
 * - `/readyz`: 200 or 503, with the reasons. A backlog is no reason.
 * - `/metrics`: OpenMetrics or Prometheus' plain text.
 * - `/log-level`: GET tells it, PUT switches it, for who asks from this machine: the sidecar, or who is logged in to the Pod.
 * Rejects with one clear sentence when it cannot listen.
 */
export async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void respond(options, request, response);
  });
  const { host, port } = options;
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    throw new Error(`cannot serve health and metrics on ${host}:${port}: ${whyNot(error)}`, { cause: error });
  }
  const close = () => closeServer(server);
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

function whyNot(error: unknown): string {
  switch ((error as { code?: string }).code) {
    case "EADDRINUSE":
      return "the port is in use; set WORKER_PORT to another one";
    case "EACCES":
      return "this user may not listen on that port; set WORKER_PORT to one above 1023";
    case "EADDRNOTAVAIL":
      return "this machine has no such address; set WORKER_HOST to one that it has";
    default:
      return String(error);
  }
}

async function closeServer(server: Server): Promise<void> {
  if (server.listening) {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }
}

async function respond(
  options: HealthServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, contentType, body } = await answer(options, request);
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    ...(status === 405 ? { allow: pathOf(request) === "/log-level" ? "GET, HEAD, PUT" : "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function answer(options: HealthServerOptions, request: IncomingMessage): Promise<Answer> {
  const path = pathOf(request);
  try {
    if (request.method === "PUT" && path === "/log-level") return await switchLevel(options, request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return problem(405, "method_not_allowed", "only GET and HEAD are answered here, and PUT /log-level");
    }
    switch (path) {
      case "/log-level":
        return json(200, options.logLevel.state);
      case "/livez":
      case "/startupz":
        return json(200, { status: "ok" });
      case "/readyz": {
        const { ready, reasons } = options.health();
        return json(ready ? 200 : 503, { ready, reasons });
      }
      case "/metrics":
        return { status: 200, ...(await options.metrics(request.headers.accept)) };
      default:
        return problem(
          404,
          "not_found",
          "there are /livez, /readyz, /startupz, /metrics and /log-level here",
        );
    }
  } catch (error) {
    return problem(500, "internal", error instanceof Error ? error.message : String(error));
  }
}

function pathOf({ url = "/" }: IncomingMessage): string | undefined {
  return url.split("?")[0];
}

/** The addresses of this machine and, in Kubernetes, of the Pod: whoever comes from there is inside. */
const OWN_ADDRESSES = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];
const LONGEST_CHANGE = 1_024;

async function switchLevel({ logLevel }: HealthServerOptions, request: IncomingMessage): Promise<Answer> {
  if (!OWN_ADDRESSES.includes(request.socket.remoteAddress ?? "")) {
    return problem(
      403,
      "forbidden",
      "the log level is switched from this machine only, or through the sidecar",
    );
  }
  const change = LevelChange.safeParse(parseJson(await readText(request)));
  if (change.success) return json(200, logLevel.set(change.data.level, change.data.seconds));
  const [issue] = change.error.issues;
  return problem(422, "invalid", `/${issue?.path.join("/") ?? ""}: ${issue?.message}`);
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > LONGEST_CHANGE) return "";
  }
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function json(status: number, value: unknown): Answer {
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}

/** RFC 9457, with a stable `code`. */
function problem(status: number, code: string, detail: string): Answer {
  const body = `${JSON.stringify({ type: "about:blank", status, code, detail })}\n`;
  return { status, contentType: "application/problem+json", body };
}

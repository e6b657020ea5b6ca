import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Log } from "../telemetry/log.ts";
import { readTraceContext, type TraceContext } from "../telemetry/trace-context.ts";
import type { Span, Tracing } from "../telemetry/tracing.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The trace of which this request is a part: what is published in it goes there, too. */
    trace: TraceContext | undefined;
    /** Its own span, when requests are traced. */
    span: Span | undefined;
  }
}

/**
 * Takes up the caller's trace (W3C "Trace Context") and, with tracing, makes a span of each request to a route that is not
 * `public`; without, the caller's is passed on. At level `debug`, a line a request is logged, too.
 */
export function traceRequests(app: FastifyInstance, tracing: Tracing | undefined, log: Log): void {
  app.decorateRequest("trace");
  app.decorateRequest("span");
  app.addHook("onRequest", (request, _reply, done) => {
    const { config } = request.routeOptions;
    if (config.public !== true) {
      const parent = readTraceContext(request.headers);
      request.span = tracing && startRequest(tracing, request, parent);
      request.trace = request.span?.context ?? parent;
    }
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { statusCode: status } = reply;
    request.span?.set({ "http.response.status_code": status });
    request.span?.end({ error: status >= 500 ? `answered with ${status}` : undefined });
    if (request.routeOptions.config.public !== true && log.isLevelEnabled("debug")) {
      const { method, routeOptions, trace } = request;
      log.debug(
        { method, route: routeOptions.url, status, ms: Math.round(reply.elapsedTime * 10) / 10, trace },
        "a request is answered",
      );
    }
    done();
  });
}

/** Names and attributes: OpenTelemetry, "Semantic conventions for HTTP spans". */
function startRequest(tracing: Tracing, request: FastifyRequest, parent: TraceContext | undefined): Span {
  const { method, routeOptions, protocol } = request;
  const route = routeOptions.url;
  return tracing.start(route === undefined ? method : `${method} ${route}`, {
    kind: "server",
    parent,
    attributes: {
      "http.request.method": method,
      "http.route": route,
      "url.path": request.url.split("?")[0],
      "url.scheme": protocol,
    },
  });
}

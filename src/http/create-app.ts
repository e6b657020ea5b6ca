import Fastify from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import type { Log } from "../telemetry/log.ts";
import type { SidecarMetrics } from "../telemetry/sidecar-metrics.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { Access } from "./access.ts";
import { answerNotFound, errorAnswers } from "./answer-error.ts";
import type { HttpApp } from "./app.ts";
import { allowOrigins } from "./cors.ts";
import { guard } from "./guard.ts";
import { knownRoutes, refuseUnknownQueries } from "./known-routes.ts";
import { traceRequests } from "./trace-requests.ts";
import { answerUnreadable, passExpectations, refuseHostless } from "./unreadable.ts";

export interface AppOptions {
  readonly access: Access;
  readonly log: Log;
  readonly metrics: SidecarMetrics;
  /** undefined: requests are not traced. */
  readonly tracing?: Tracing | undefined;
  /** Bytes of a request's body at the most. */
  readonly bodyBytes: number;
  /** Requests of one principal in a second at the most; 0: no limit. */
  readonly ratePerSecond: number;
  /** Origins whose pages may read the answers; none: no other page may. */
  readonly corsOrigins?: readonly string[];
}

/** The content types of which a body is read: it comes to the route as bytes, so that no digit of it is lost. */
const BODY_TYPES = [
  "application/json",
  "application/cloudevents+json",
  "application/x-ndjson",
  "application/ndjson",
];

/**
 * The server without its routes. Queries, parameters and headers are checked by the routes' zod schemas; every error is
 * answered as `application/problem+json`; nobody is asked who it is on routes that are `public`.
 */
export async function createApp(options: AppOptions): Promise<HttpApp> {
  const { access, log, metrics, tracing, bodyBytes, ratePerSecond, corsOrigins = [] } = options;
  const answerError = errorAnswers(log);
  const app = Fastify({
    bodyLimit: bodyBytes,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16_000 },
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    clientErrorHandler: answerUnreadable,
    // `refuseHostless` does it, with a problem.
    http: { requireHostHeader: false },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    logger: false,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(BODY_TYPES, { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  app.setErrorHandler(answerError);
  const api = app as unknown as HttpApp;
  const routes = knownRoutes(api);
  refuseUnknownQueries(api);
  passExpectations(api);
  refuseHostless(api);
  app.setNotFoundHandler((request, reply) => answerNotFound(request, reply, routes));
  await allowOrigins(app, corsOrigins);
  traceRequests(app, tracing, log);
  await guard(app, { access, ratePerSecond });
  app.addHook("onResponse", (request, reply, done) => {
    const { method, routeOptions } = request;
    const { statusCode: status, elapsedTime } = reply;
    metrics.countRequest({ method, route: routeOptions.url, status, seconds: elapsedTime / 1000 });
    done();
  });
  return api;
}

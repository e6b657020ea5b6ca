import type { FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { clip } from "../messages/quote.ts";
import type { Log } from "../telemetry/log.ts";
import { sparing } from "../telemetry/sparing.ts";
import { type KnownRoute, methodsOn } from "./known-routes.ts";
import { type Fault, HttpProblem, type ProblemBody, type ProblemCode, problemBody } from "./problem.ts";

/** Sends a problem as RFC 9457 wants it. */
export function sendProblem(reply: FastifyReply, body: ProblemBody): FastifyReply {
  // As bytes: to a text Fastify would add a charset, which this media type does not have.
  return reply
    .status(body.status)
    .type("application/problem+json")
    .send(Buffer.from(JSON.stringify(body)));
}

/** Answers whatever a route or Fastify threw. */
export type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/**
 * What nobody foresaw is logged, and its text is not sent. An outage is logged once in 10 s for each of its codes, however many
 * requests meet it.
 */
export function errorAnswers(log: Log): AnswerError {
  const outages = new Map<ProblemCode, (error: unknown) => void>();
  return (error, request, reply) => {
    if (!(error instanceof HttpProblem)) return answerOther(error, request, reply, log);
    const { body, message, headers } = error;
    if (body.status >= 500) {
      const say =
        outages.get(body.code) ?? sparing((err, more) => log.warn({ err, code: body.code, more }, message));
      outages.set(body.code, say);
      say(error.cause);
    }
    return sendProblem(reply.headers(headers), body);
  };
}

function answerOther(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) return sendProblem(reply, notAsDescribed(error));
  const known = FASTIFY_ERRORS[(error as { code?: string }).code ?? ""];
  if (known !== undefined) return sendProblem(reply, problemBody(known, clear(error)));
  const status = (error as { statusCode?: number }).statusCode;
  if (status !== undefined && status >= 400 && status < 500) {
    return sendProblem(reply, { ...problemBody("bad_request", clear(error)), status });
  }
  log.error(
    { err: error, method: request.method, route: request.routeOptions.url, trace: request.trace },
    "a request failed",
  );
  return sendProblem(reply, problemBody("internal", "The request failed; the log of this process says why."));
}

/** Answers what no route does: 405 with the methods that the path has (RFC 9110 section 15.5.6), else 404. */
export function answerNotFound(
  request: FastifyRequest,
  reply: FastifyReply,
  routes: readonly KnownRoute[],
): FastifyReply {
  const [asked = ""] = request.url.split("?");
  const path = clip(asked, LONGEST_ECHO);
  const methods = methodsOn(asked, routes);
  if (methods.length > 0) {
    const allow = methods.join(", ");
    const detail = `${path} does not answer ${request.method}, only ${allow}.`;
    return sendProblem(reply.header("allow", allow), problemBody("method_not_allowed", detail));
  }
  const detail = `There is no ${request.method} ${path}; GET /openapi.json lists what there is.`;
  return sendProblem(reply, problemBody("not_found", detail));
}

/** What Fastify says before a route is asked ("Errors" in Fastify's reference). */
const FASTIFY_ERRORS: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_EMPTY_TYPE: "unsupported_media_type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad_request",
  FST_ERR_BAD_URL: "bad_request",
  FST_ERR_MAX_PARAM_LENGTH: "uri_too_long",
};

/** Fastify's own sentence, which may repeat the request's path. */
function clear(error: unknown): string {
  return error instanceof Error ? clip(error.message, LONGEST_ECHO) : "The request could not be read.";
}

/** Characters of the request that an answer repeats at the most. */
const LONGEST_ECHO = 200;

interface Refused {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string | undefined }[];
  readonly validationContext?: string | undefined;
}

const WHERE: Readonly<Record<string, string>> = {
  querystring: "query",
  params: "path",
  headers: "header",
  body: "body",
};

function notAsDescribed({ validation, validationContext = "" }: Refused): ProblemBody {
  const place = WHERE[validationContext] ?? "request";
  const errors = validation.map(
    ({ instancePath, message = "is not as described" }): Fault => ({
      code: "bad_request",
      pointer: `/${place}${instancePath}`,
      detail: clip(message, LONGEST_ECHO),
    }),
  );
  const [first] = errors;
  const detail =
    first === undefined ? "The request is not as described." : `${first.pointer}: ${first.detail}`;
  return problemBody("bad_request", detail, { errors });
}

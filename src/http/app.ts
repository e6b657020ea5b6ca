import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Principal } from "../messages/principal.ts";

/** The server as the routes see it: what a route's zod schemas say is what its handler gets. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; set before any handler of a route that is not public runs. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** Answered to anybody: probes, the API description, the page's own files. */
    public?: boolean;
    /** The Content-Security-Policy of what this route answers; by default that of an answer that no browser draws. */
    csp?: string;
  }
}

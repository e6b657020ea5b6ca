import { fastifyHelmet } from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import { ANYBODY } from "../messages/principal.ts";
import type { Access } from "./access.ts";
import { rateLimit } from "./rate-limit.ts";

export interface GuardOptions {
  readonly access: Access;
  /** Requests of one principal in a second at the most; 0: no limit. */
  readonly ratePerSecond: number;
}

/** For answers that no browser draws. A route that is drawn says its own in `config.csp`. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

/**
 * What every request passes before its route, in this order: the headers that tell browsers what not to do, who asks, and how
 * often. Routes that are `public` ask nobody and count nothing. Failed authentications count by address.
 */
export async function guard(app: FastifyInstance, { access, ratePerSecond }: GuardOptions): Promise<void> {
  await app.register(fastifyHelmet, HEADERS);
  const count = await rateLimit(app, ratePerSecond);
  app.decorateRequest("principal");
  app.addHook("onRequest", async (request, reply) => {
    const { config } = request.routeOptions;
    reply.header("content-security-policy", config.csp ?? NOTHING);
    if (config.public === true) {
      request.principal = ANYBODY;
      return;
    }
    try {
      request.principal = await access.authenticate(request.headers);
    } catch (error) {
      await count?.(request);
      throw error;
    }
    if (count !== undefined) await count(request);
  });
}

/** Helmet's own choice but for what has no meaning outside old browsers; the policy of content is set by route. */
const HEADERS = {
  contentSecurityPolicy: false,
  xFrameOptions: { action: "deny" },
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

import { fastifyRateLimit, normalizeIP } from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ANYBODY } from "../messages/principal.ts";
import { HttpProblem } from "./problem.ts";

/** Counts a request; rejects with an {@link HttpProblem} `rate_limited` when there are too many. */
export type CountRequest = (request: FastifyRequest) => Promise<void>;

/** Principals and addresses that are counted at once; the least recently seen is forgotten first. */
const COUNTED = 10_000;

/**
 * Counts requests by principal, or by address (IPv6: by its /64) while it is not known who asks. A request with many updates is
 * one request. Undefined when there is no limit (0).
 */
export async function rateLimit(app: FastifyInstance, perSecond: number): Promise<CountRequest | undefined> {
  if (!(perSecond > 0)) return undefined;
  await app.register(fastifyRateLimit, { global: false, cache: COUNTED });
  const take = app.createRateLimit({ max: perSecond, timeWindow: 1_000, keyGenerator: whoAsks });
  // One after the other: the plugin's store gives those that are counted at once the same counter, where each would read the
  // count of the last one.
  let turn: Promise<unknown> = Promise.resolve();
  return async (request) => {
    const counted = turn.then(() => take(request));
    turn = counted.catch(() => {});
    const taken = await counted;
    if (!taken.isAllowed && taken.isExceeded) throw limited(perSecond, taken.ttlInSeconds);
  };
}

function limited(perSecond: number, seconds: number): HttpProblem {
  const detail = `More than ${perSecond} requests in one second; try again in the next.`;
  return new HttpProblem("rate_limited", detail, {
    headers: { "retry-after": String(Math.max(1, seconds)) },
  });
}

function whoAsks(request: FastifyRequest): string {
  const principal = request.principal as FastifyRequest["principal"] | null | undefined;
  return principal == null || principal === ANYBODY
    ? `address ${normalizeIP(request.ip, 64)}`
    : `principal ${principal.name}`;
}

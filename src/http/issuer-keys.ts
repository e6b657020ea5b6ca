import { createRemoteJWKSet, errors, type FlattenedJWSInput, type JWTHeaderParameters } from "jose";
import { HttpProblem } from "./problem.ts";

/** Finds the public key that a token's header names. Rejects with 503 when the keys cannot be fetched. */
export type IssuerKeys = (
  header: JWTHeaderParameters,
  token: FlattenedJWSInput,
) => Promise<Awaited<ReturnType<ReturnType<typeof createRemoteJWKSet>>>>;

export interface KeyTimes {
  /** How long after a fetch an unknown key does not lead to another one. */
  readonly cooldownMs: number;
  /** How long fetched keys are used without asking again. */
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
}

/** After a failed discovery nobody asks again for this long. */
const PAUSE_MS = 1_000;

/**
 * The keys of one issuer, fetched when they are first needed and kept; from `jwksUrl`, else from where its discovery document
 * says (OpenID Connect Discovery 1.0, section 4).
 */
export function issuerKeys(issuer: string, jwksUrl: string | undefined, times: KeyTimes): IssuerKeys {
  const setAt = (url: string) =>
    createRemoteJWKSet(new URL(url), {
      cooldownDuration: times.cooldownMs,
      cacheMaxAge: times.maxAgeMs,
      timeoutDuration: times.timeoutMs,
    });
  let set = jwksUrl === undefined ? undefined : Promise.resolve(setAt(jwksUrl));
  let failed: { readonly at: number; readonly error: unknown } | undefined;
  const open = () => {
    if (failed !== undefined && performance.now() - failed.at < PAUSE_MS) throw failed.error;
    set ??= discover(issuer, times.timeoutMs)
      .then(setAt)
      .catch((error: unknown) => {
        set = undefined;
        failed = { at: performance.now(), error };
        throw error;
      });
    return set;
  };
  return async (header, token) => {
    try {
      return await (await open())(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      throw unavailable(error);
    }
  };
}

async function discover(issuer: string, timeoutMs: number): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
  if (!response.ok) throw new Error(`GET ${url} was answered with ${response.status}`);
  const found = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  if (found.issuer !== issuer) throw new Error(`${url} is not that of the issuer ${issuer}`);
  const { jwks_uri: uri } = found;
  if (typeof uri !== "string" || !/^https?:\/\//.test(uri)) throw new Error(`${url} names no jwks_uri`);
  return uri;
}

function unavailable(cause: unknown): HttpProblem {
  const detail = "The issuer's keys cannot be fetched, so no token can be checked; try again in a moment.";
  return new HttpProblem("issuer_unavailable", detail, { headers: { "retry-after": "5" }, cause });
}

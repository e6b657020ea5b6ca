import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import { type Principal, principalOf } from "../messages/principal.ts";
import { type Authenticate, badCredentials, bearerToken, noCredentials } from "./credentials.ts";
import { type IssuerKeys, issuerKeys, type KeyTimes } from "./issuer-keys.ts";
import { HttpProblem } from "./problem.ts";

export interface OidcOptions {
  /** All are trusted alike: a name from one is the same principal as that name from another. */
  readonly issuers: readonly string[];
  readonly audience: string;
  /** Where all issuers' keys are; undefined: where each one's discovery document says. */
  readonly jwksUrl: string | undefined;
  readonly times?: Partial<KeyTimes>;
}

const ALGORITHMS = ["RS256", "ES256", "PS256"];
const CLOCK_TOLERANCE_SECONDS = 10;
const TIMES: KeyTimes = { cooldownMs: 30_000, maxAgeMs: 600_000, timeoutMs: 5_000 };

/**
 * `AUTH=oidc`: signed tokens in `Authorization: Bearer`, access tokens (RFC 9068) as well as ID tokens, such as Google's. The
 * principal is the verified email, else the subject. An unknown key id fetches the issuer's keys anew, at most once in the
 * cool-down.
 */
export function oidcAuthentication({ issuers, audience, jwksUrl, times }: OidcOptions): Authenticate {
  const keys = new Map<string, IssuerKeys>(
    issuers.map((issuer) => [issuer, issuerKeys(issuer, jwksUrl, { ...TIMES, ...times })]),
  );
  return async (headers) => {
    const token = bearerToken(headers);
    if (token === undefined) throw noCredentials("a token as `Authorization: Bearer …`");
    try {
      const issuer = issuerOf(token, keys);
      const { payload, protectedHeader } = await jwtVerify(token, issuer.keys, {
        issuer: issuer.name,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ["exp", "sub"],
      });
      if (!TYPES.test(protectedHeader.typ ?? "JWT"))
        throw badCredentials("The token is not an access or ID token.");
      return principalIn(payload);
    } catch (error) {
      throw error instanceof HttpProblem ? error : badCredentials(whyNot(error));
    }
  };
}

/** Tokens for other uses have types of their own, such as `logout+jwt` (RFC 8725, section 3.11). */
const TYPES = /^(?:application\/)?(?:at\+)?jwt$/i;

/** Which issuer's keys to ask; what the token says is believed only when its signature holds. */
function issuerOf(token: string, keys: ReadonlyMap<string, IssuerKeys>): { name: string; keys: IssuerKeys } {
  const { iss: name = "" } = decodeJwt(token);
  const found = keys.get(name);
  if (found === undefined) throw badCredentials("The token's issuer is not trusted here.");
  return { name, keys: found };
}

function principalIn({ email, email_verified: verified, sub }: JWTPayload): Principal {
  const name = verified === true && typeof email === "string" ? email : sub;
  const principal = typeof name === "string" ? principalOf(name) : undefined;
  if (principal === undefined)
    throw badCredentials(
      "The token's email or subject is not a name of 1 to 255 printable ASCII characters.",
    );
  return principal;
}

function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The token has expired.";
  if (error instanceof errors.JWTClaimValidationFailed) return claimFault(error.claim);
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature does not hold.";
  if (error instanceof errors.JOSEAlgNotAllowed)
    return `The token must be signed with ${ALGORITHMS.join(", ")}.`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return "The token's issuer has no such key.";
  return "The token is not a signed JWT.";
}

function claimFault(claim: string): string {
  switch (claim) {
    case "aud":
      return "The token is for another audience.";
    case "nbf":
      return "The token is not valid yet.";
    default:
      return `The token's claim ${claim} is missing or not as it must be.`;
  }
}

import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../messages/principal.ts";
import { HttpProblem } from "./problem.ts";

/** Who asks, by the request's headers. Rejects with an {@link HttpProblem} `unauthenticated`, or 503 where that cannot be told. */
export type Authenticate = (headers: IncomingHttpHeaders) => Promise<Principal>;

/** The token of `Authorization: Bearer …` (RFC 6750, section 2.1); undefined when there is none. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? "")?.[1];
}

/** 401 for a request without credentials. */
export function noCredentials(how: string): HttpProblem {
  return unauthenticated(`The request does not say who asks: send ${how}.`, "Bearer");
}

/** 401 for credentials that do not hold. `detail` never repeats them. */
export function badCredentials(detail: string): HttpProblem {
  return unauthenticated(detail, 'Bearer error="invalid_token"');
}

function unauthenticated(detail: string, challenge: string): HttpProblem {
  return new HttpProblem("unauthenticated", detail, { headers: { "www-authenticate": challenge } });
}

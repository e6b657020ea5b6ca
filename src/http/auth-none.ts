import { ANYBODY } from "../messages/principal.ts";
import type { Authenticate } from "./credentials.ts";
import { HttpProblem } from "./problem.ts";

export interface OpenOptions {
  /** Only this machine is meant to reach it. */
  readonly localOnly: boolean;
  /** Other sites whose pages may act here. */
  readonly origins: readonly string[];
}

/**
 * `AUTH=none`: nobody is asked. But a browser on this machine must not act here for the page of another site, so what it sends
 * for one is `forbidden` (`Sec-Fetch-Site` of W3C "Fetch Metadata"); and with `localOnly` the request must be for this machine
 * by name, which the page of a site that has made its own name point here cannot pretend.
 */
export function openAuthentication({ localOnly, origins }: OpenOptions): Authenticate {
  return ({ host, origin = "", "sec-fetch-site": site }) => {
    const another = site === "cross-site" || site === "same-site";
    if (another && !origins.includes(origin)) return refused("It comes from a page of another site");
    if (localOnly && host !== undefined && !LOCAL.test(host))
      return refused("It is for another host than this machine");
    return Promise.resolve(ANYBODY);
  };
}

const LOCAL = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?$/i;

function refused(why: string): Promise<never> {
  const detail = `${why}, and with AUTH=none everybody who gets here may do everything; set AUTH, or AUTH_NONE_OK=1 for other hosts.`;
  return Promise.reject(new HttpProblem("forbidden", detail));
}

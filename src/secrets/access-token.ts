import type { AuthClient } from "google-auth-library";
import { ASK_AGAIN_MS } from "./asked-secret.ts";
import { inTime, openCredentials, wordsOf } from "./google-credentials.ts";
import { type Secret, unavailable } from "./secret.ts";

/** Lets log in to a database and do nothing else. Google's page "Log in using IAM database authentication". */
const LOGIN_SCOPE = "https://www.googleapis.com/auth/sqlservice.login";

/**
 * The access token of the moment. The library keeps one and gets the next one 5 minutes before it expires; after a refusal
 * it is told to forget it, once a second at the most.
 */
export function accessToken(variable: string, now = () => performance.now()): Secret {
  let client: Promise<AuthClient> | undefined;
  let openedAt = 0;

  function open(): Promise<AuthClient> {
    openedAt = now();
    client = openCredentials(LOGIN_SCOPE);
    return client;
  }

  async function token(): Promise<string> {
    const { token: current } = await (await (client ?? open())).getAccessToken();
    if (!current) throw new Error("there is none");
    return current;
  }

  return {
    async read() {
      try {
        return await inTime(token());
      } catch (error) {
        client = undefined;
        throw unavailable(`${variable}: cannot get an access token: ${wordsOf(error)}`);
      }
    },
    refused() {
      if (now() - openedAt >= ASK_AGAIN_MS) client = undefined;
    },
  };
}

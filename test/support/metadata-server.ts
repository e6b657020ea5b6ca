import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { listen } from "./listen.ts";
import type { Scope } from "./servers.ts";

/** The metadata server of a machine of Google's, on this one: where application default credentials come from. */
export interface MetadataServer {
  /** What makes Google's libraries, in this process or another, find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The service account that its tokens are of. */
  readonly email: string;
  /** Every access token given out, oldest first. */
  readonly issued: readonly IssuedToken[];
  /** The newest access token; one is made when there is none. */
  token(): string;
  /** A new token from now on, in place of the one that is still good. */
  renew(): void;
  /** Tokens made from now on are good for this long; 3,599 s unless set. */
  lifetime(seconds: number): void;
  /** Answers requests for tokens with this status from now on; 200 answers as usual. */
  answer(status: number): void;
  /** Sets the environment of this process, until the scope ends. */
  use(scope: Scope): void;
}

export interface IssuedToken {
  readonly token: string;
  /** What was asked for; empty: those of the machine. */
  readonly scopes: readonly string[];
}

/** As Google's does, it gives the same token again for as long as that is good; "About VM metadata": the header must be there. */
export async function metadataServer(scope: Scope): Promise<MetadataServer> {
  const email = "rowpost@demo.iam.gserviceaccount.com";
  const issued: IssuedToken[] = [];
  let current: { readonly token: string; readonly expires: number } | undefined;
  let lifetime = 3_599;
  let status = 200;
  const good = () => {
    if (current === undefined || current.expires <= Date.now())
      current = { token: `ya29.${randomBytes(24).toString("hex")}`, expires: Date.now() + lifetime * 1000 };
    return current;
  };
  const answerOf = (url: URL): unknown => {
    switch (url.pathname.replace(/^\/computeMetadata\/v1/, "").replace(/\/$/, "")) {
      case "/instance/service-accounts/default/token": {
        const { token, expires } = good();
        issued.push({ token, scopes: url.searchParams.get("scopes")?.split(",") ?? [] });
        const expires_in = Math.ceil((expires - Date.now()) / 1000);
        return { access_token: token, expires_in, token_type: "Bearer" };
      }
      case "/instance/service-accounts/default/email":
        return email;
      case "/instance":
        return "service-accounts/";
      case "/project/project-id":
        return "demo";
      case "/universe/universe-domain":
      case "/universe/universe_domain":
        return "googleapis.com";
      default:
        return undefined;
    }
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://metadata");
    const code = codeOf(request, url, status);
    const body = code === 200 ? answerOf(url) : undefined;
    const type = typeof body === "object" ? "application/json" : "application/text";
    response.writeHead(body === undefined && code === 200 ? 404 : code, {
      "content-type": type,
      "metadata-flavor": "Google",
    });
    response.end(typeof body === "object" ? JSON.stringify(body) : (body as string | undefined));
  });
  const { host } = await listen(scope, server);
  // Tests are run without a metadata server; this one is to be looked for.
  const environment = { GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: "ping-only" };
  return {
    environment,
    email,
    issued,
    token: () => good().token,
    renew: () => void (current = undefined),
    lifetime: (seconds) => {
      lifetime = seconds;
      current = undefined;
    },
    answer: (next) => void (status = next),
    use: (during) => {
      for (const [name, value] of Object.entries(environment)) {
        const before = process.env[name];
        process.env[name] = value;
        during.after(async () => {
          if (before === undefined) delete process.env[name];
          else process.env[name] = before;
        });
      }
    },
  };
}

function codeOf(request: IncomingMessage, url: URL, status: number): number {
  if (request.headers["metadata-flavor"] !== "Google") return 403;
  return url.pathname.endsWith("/token") ? status : 200;
}

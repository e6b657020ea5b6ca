import { createServer, type ServerResponse } from "node:http";
import { crc32c } from "../../src/secrets/crc32c.ts";
import { listen } from "./listen.ts";
import type { Scope } from "./servers.ts";

/** What a version is like for who wants to access it. */
type State = "enabled" | "disabled" | "destroyed";

/** A request to access a version, as it came. */
export interface Access {
  /** `projects/P/secrets/S/versions/V`. */
  readonly name: string;
  readonly authorization: string | undefined;
  readonly status: number;
}

/** Secret Manager's API on this machine, as far as accessing versions goes. Google's page "Access a secret version". */
export interface TestSecretManager {
  /** The variable that leads a rowpost process here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly url: string;
  /** Every access, oldest first. */
  readonly accesses: readonly Access[];
  /** Adds a version of `projects/P/secrets/S` (or of a regional one); its number is given. */
  add(secret: string, payload: string | Uint8Array): number;
  /** Disables, enables or destroys a version. */
  set(secret: string, version: number, state: State): void;
  /** Whom it lets in: those with this token; undefined: everybody with any. */
  admit(token: string | undefined): void;
  /** What else it does to each access, until told otherwise. */
  behave(how: Behaviour): void;
}

export type Behaviour =
  | "well"
  /** Answers with `403 PERMISSION_DENIED`. */
  | "denies"
  /** Answers with another checksum. */
  | "damages"
  /** Never answers. */
  | "hangs"
  /** Answers with `503 UNAVAILABLE`. */
  | "overloaded"
  /** Answers 200 with the payload in what is no JSON. */
  | "babbles";

interface Version {
  readonly payload: Buffer;
  state: State;
}

export async function secretManager(scope: Scope): Promise<TestSecretManager> {
  const secrets = new Map<string, Version[]>();
  const accesses: Access[] = [];
  let admitted: string | undefined;
  let behaviour: Behaviour = "well";

  function refusal(name: string, authorization: string | undefined): [number, string, string] | undefined {
    if (authorization === undefined || (admitted !== undefined && authorization !== `Bearer ${admitted}`))
      return [401, "UNAUTHENTICATED", "Request had invalid authentication credentials."];
    if (behaviour === "denies")
      return [403, "PERMISSION_DENIED", `Permission 'secretmanager.versions.access' denied for '${name}'.`];
    if (behaviour === "overloaded") return [503, "UNAVAILABLE", "The service is currently unavailable."];
    const version = versionOf(secrets, name);
    if (version === undefined) return [404, "NOT_FOUND", `Secret Version [${name}] not found.`];
    if (version.state !== "enabled")
      return [
        400,
        "FAILED_PRECONDITION",
        `Secret Version [${name}] is in ${version.state.toUpperCase()} state.`,
      ];
    return undefined;
  }

  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    const path = new URL(request.url ?? "/", "http://secrets").pathname;
    const name = /^\/v1\/(.+):access$/.exec(path)?.[1] ?? "";
    const refused = refusal(name, authorization);
    accesses.push({ name, authorization, status: refused?.[0] ?? 200 });
    if (behaviour === "hangs") return;
    if (refused !== undefined) {
      const [code, status, message] = refused;
      answer(response, code, JSON.stringify({ error: { code, status, message } }));
      return;
    }
    const { payload } = versionOf(secrets, name) as Version;
    const checksum = crc32c(payload) + (behaviour === "damages" ? 1 : 0);
    const text = JSON.stringify({
      name,
      payload: { data: payload.toString("base64"), dataCrc32c: String(checksum) },
    });
    answer(response, 200, behaviour === "babbles" ? `${payload.toString()} ${text}` : text);
  });
  const { url } = await listen(scope, server);
  return {
    environment: { SECRET_MANAGER_ENDPOINT: url },
    url,
    accesses,
    add(secret, payload) {
      const versions = secrets.get(secret) ?? [];
      secrets.set(secret, versions);
      return versions.push({ payload: Buffer.from(payload as Uint8Array), state: "enabled" });
    },
    set(secret, number, state) {
      const version = secrets.get(secret)?.[number - 1];
      if (version === undefined) throw new Error(`${secret} has no version ${number}`);
      version.state = state;
    },
    admit: (token) => void (admitted = token),
    behave: (how) => void (behaviour = how),
  };
}

/** `latest` is the newest version, whatever its state. */
function versionOf(secrets: ReadonlyMap<string, Version[]>, name: string): Version | undefined {
  const [, secret = "", version = ""] = /^(.+)\/versions\/([^/]+)$/.exec(name) ?? [];
  const versions = secrets.get(secret) ?? [];
  return version === "latest" ? versions.at(-1) : versions[Number(version) - 1];
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" }).end(body);
}

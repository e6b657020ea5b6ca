import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import type { Scope } from "./servers.ts";

/** How a token is made. */
export interface TokenOptions {
  readonly expiresIn?: number;
  readonly type?: string;
  readonly keyId?: string;
}

/** An issuer of tokens on this machine, with its discovery document and its keys. */
export interface Issuer {
  readonly url: string;
  /** Requests for its keys so far. */
  readonly fetches: () => number;
  /** A token of the newest key; `claims` amends what a good one says. */
  token(claims?: JWTPayload, options?: TokenOptions): Promise<string>;
  /** Signs with a new key from now on, and forgets the others when `forget` is true. */
  rotate(algorithm?: string, forget?: boolean): Promise<void>;
  /** The newest public key as a PEM. */
  publicPem(): Promise<string>;
  /** Answers everything with this status from now on; 200 answers as usual. */
  answer(status: number): void;
}

export const AUDIENCE = "https://rowpost.test";

export async function issuer(scope: Scope): Promise<Issuer> {
  const keys: { readonly pair: Awaited<ReturnType<typeof generateKeyPair>>; readonly jwk: JWK }[] = [];
  let fetches = 0;
  let status = 200;
  let url = "";
  const server = createServer((request, response) => {
    const isKeys = request.url === "/keys";
    if (isKeys) fetches += 1;
    const body = isKeys ? { keys: keys.map(({ jwk }) => jwk) } : { issuer: url, jwks_uri: `${url}/keys` };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  scope.after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  const newest = () => keys.at(-1) ?? missing();
  const rotate = async (algorithm = "RS256", forget = false) => {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const jwk = {
      ...(await exportJWK(pair.publicKey)),
      kid: `key-${performance.now()}`,
      alg: algorithm,
      use: "sig",
    };
    if (forget) keys.length = 0;
    keys.push({ pair, jwk });
  };
  await rotate();
  return {
    url,
    fetches: () => fetches,
    rotate,
    publicPem: () => exportSPKI(newest().pair.publicKey),
    answer: (next) => void (status = next),
    token: async (claims = {}, { expiresIn = 60, type = "JWT", keyId } = {}) => {
      const { pair, jwk } = newest();
      const now = Math.floor(Date.now() / 1000);
      const good = { iss: url, aud: AUDIENCE, sub: "subject-1", iat: now, exp: now + expiresIn };
      const payload = Object.fromEntries(
        Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined),
      );
      return new SignJWT(payload as JWTPayload)
        .setProtectedHeader({ alg: String(jwk.alg), kid: keyId ?? String(jwk.kid), typ: type })
        .sign(pair.privateKey);
    },
  };
}

function missing(): never {
  throw new Error("the issuer has no key");
}

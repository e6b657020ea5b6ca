import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type JWTPayload, SignJWT } from "jose";
import { newApiKey } from "../../../src/http/api-keys.ts";
import { oidcAuthentication } from "../../../src/http/auth-oidc.ts";
import { HttpProblem } from "../../../src/http/problem.ts";
import { AUDIENCE, issuer } from "../../support/issuer.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { type Answer, preparedRig, testSidecar, type TestSidecar } from "../../support/sidecar.ts";
import { until } from "../../support/until.ts";

const SIGNING_KEY = "a signing key of at least thirty-two bytes";
const file = { after };
const folder = mkdtempSync(join(tmpdir(), "rowpost-auth-"));
after(() => rmSync(folder, { recursive: true }));
const keysFile = join(folder, "keys");
const shop = newApiKey({ name: "shop" });
const spare = newApiKey({ name: "shop" });
const other = newApiKey({ name: "other" });
writeFileSync(keysFile, `${shop.line}\n${spare.line}\n${other.line}\n`);

const policyFile = join(folder, "policy.yaml");
writeFileSync(
  policyFile,
  "version: 1\nprincipals:\n  subject-1: { tables: { customers: { operations: all, columns: all } } }\n",
);

const local = await issuer(file);
const rig = await preparedRig(file);
const byKey = await testSidecar(
  file,
  { AUTH: "api-key", API_KEYS_FILE: keysFile, PUBLISHER_SIGNING_KEY: SIGNING_KEY },
  { rig },
);
const byToken = await testSidecar(
  file,
  { AUTH: "oidc", OIDC_ISSUER: local.url, OIDC_AUDIENCE: AUDIENCE, POLICY_FILE: policyFile },
  { rig },
);
const limited = await testSidecar(
  file,
  { AUTH: "api-key", API_KEYS_FILE: keysFile, RATE_LIMIT_PER_SECOND: "5" },
  { rig },
);
// After the hooks of what is opened above.
expectNoLeaks();

const ADA = { table: "customers", op: "upsert", key: { customerID: "c-1" }, set: { firstName: "Ada" } };
const given: string[] = [];

/** Posts with these credentials, and keeps them so that the end of the file can look for them. */
async function post(sidecar: TestSidecar, headers: Readonly<Record<string, string>>): Promise<Answer> {
  given.push(...Object.values(headers).map((value) => value.replace(/^Bearer /i, "")));
  const answer = await sidecar.post("/updates", ADA, headers);
  answers.push(answer);
  return answer;
}
const answers: Answer[] = [];
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function assertRefused(answer: Answer, detail: RegExp, challenge = 'Bearer error="invalid_token"'): void {
  assert.equal(answer.status, 401, answer.text);
  assert.equal(answer.json.code, "unauthenticated");
  assert.match(answer.json.detail, detail);
  assert.equal(answer.headers.get("www-authenticate"), challenge);
}

describe("AUTH=api-key", () => {
  it("takes each key of a name, as a bearer token or as X-API-Key", async () => {
    for (const headers of [
      bearer(shop.key),
      { "x-api-key": shop.key },
      bearer(spare.key),
      { authorization: `bearer ${other.key}` },
    ]) {
      assert.equal((await post(byKey, headers)).status, 202);
    }
  });

  it("refuses no key, a wrong key, and a hash in place of its key", async () => {
    assertRefused(await post(byKey, {}), /send an API key/, "Bearer");
    assertRefused(await post(byKey, { authorization: "Basic YTpi" }), /send an API key/, "Bearer");
    const hashed = shop.line.split("sha256:")[1] ?? "";
    for (const wrong of [hashed, `${shop.key}x`, shop.key.slice(0, -1), shop.key.toLowerCase()]) {
      assertRefused(await post(byKey, { "x-api-key": wrong }), /not known here/);
    }
  });

  it("asks nobody on probes, and everybody on all else", async () => {
    assert.equal((await byKey.get("/livez")).status, 200);
    for (const path of ["/updates/k", "/dead-letters", "/no/such/path"]) {
      assert.equal((await byKey.get(path)).status, 401, path);
    }
  });

  it("reads the file again when it changes, and keeps the keys when it has become faulty", async () => {
    const fresh = newApiKey({ name: "fresh" });
    const change = (text: string, time: number) => {
      writeFileSync(keysFile, text);
      utimesSync(keysFile, time, time);
    };
    const all = `${shop.line}\n${spare.line}\n`;
    change(`${all}${fresh.line}\n`, 1_000);
    const works = async (key: string) => (await byKey.get("/nothing", bearer(key))).status === 404;
    given.push(fresh.key);
    await until("the new key works", () => works(fresh.key));
    assert.equal(await works(other.key), false, "a key that is no longer there is refused");
    change(`${all}nonsense ${fresh.key}\n`, 2_000);
    const told = () => byKey.logged.filter((line) => line.includes("stay as they were"));
    await until("the fault is told", async () => (await works(fresh.key)) && told().length > 0);
    assert.match(told()[0] ?? "", /line 3/);
    change(`${all}${other.line}\n`, 3_000);
    await until("the file is read again", () => works(other.key));
    assert.equal(told().length, 1);
  });
});

describe("AUTH=oidc", () => {
  it("takes a good token of either kind: access token or ID token", async () => {
    for (const type of ["JWT", "at+jwt", "application/at+jwt"]) {
      const answer = await post(byToken, bearer(await local.token({}, { type })));
      assert.equal(answer.status, 202, answer.text);
    }
  });

  it("refuses what is expired, for others, from others, or not yet valid, and says which", async () => {
    const cases: [string, RegExp][] = [
      [await local.token({}, { expiresIn: -60 }), /has expired/],
      [await local.token({ aud: "https://other.test" }), /another audience/],
      [await local.token({ aud: undefined as never }), /another audience/],
      [await local.token({ iss: "https://other.test" }), /issuer is not trusted/],
      [await local.token({ iss: undefined as never }), /issuer is not trusted/],
      [await local.token({ nbf: Math.floor(Date.now() / 1000) + 600 }), /not valid yet/],
      [await local.token({ exp: undefined as never }), /claim exp/],
      [await local.token({ sub: undefined as never }), /claim sub/],
      [await local.token({ sub: "é" }), /not a name/],
      [await local.token({}, { type: "logout+jwt" }), /not an access or ID token/],
      ["no-token", /not a signed JWT/],
      ["a.b.c", /not a signed JWT/],
    ];
    for (const [token, detail] of cases) assertRefused(await post(byToken, bearer(token)), detail);
    assertRefused(await post(byToken, {}), /send a token/, "Bearer");
    assert.equal(
      (await post(byToken, bearer(await local.token({}, { expiresIn: -5 })))).status,
      202,
      "clocks differ",
    );
  });

  it("answers 403 to who has a good token and is not in the policy, whatever is asked", async () => {
    const stranger = bearer(await local.token({ sub: "somebody else" }));
    for (const answer of [await post(byToken, stranger), await byToken.get("/updates/k", stranger)]) {
      assert.equal(answer.status, 403, answer.text);
      assert.equal(answer.json.code, "forbidden");
      assert.match(answer.json.detail, /"somebody else" has no grants in the policy/);
    }
  });

  it("refuses alg none, HS256 with the public key, and an altered token", async () => {
    const good = await local.token();
    const [header = "", payload = "", signature = ""] = good.split(".");
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const kid = (JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string }).kid;
    const none = `${encoded({ alg: "none", kid })}.${payload}.`;
    assertRefused(await post(byToken, bearer(none)), /must be signed|not a signed JWT/);
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid })
      .sign(Buffer.from(await local.publicPem()));
    assertRefused(await post(byToken, bearer(hmac)), /must be signed with RS256, ES256, PS256/);
    const altered = `${header}.${encoded({ ...claims, sub: "boss" })}.${signature}`;
    assertRefused(await post(byToken, bearer(altered)), /signature does not hold/);
  });

  it("names the principal by its verified email, else by its subject", async () => {
    const authenticate = oidcAuthentication({
      issuers: [local.url],
      audience: AUDIENCE,
      jwksUrl: `${local.url}/keys`,
    });
    const nameOf = async (claims: JWTPayload) => (await authenticate(bearer(await local.token(claims)))).name;
    const email = "ada@example.org";
    assert.equal(await nameOf({ email, email_verified: true }), email);
    for (const verified of [false, "true", 1, undefined]) {
      assert.equal(await nameOf({ email, email_verified: verified }), "subject-1");
    }
  });

  it("fetches the keys once, anew for an unknown key, and not again before the cool-down is over", async () => {
    const options = { issuers: [local.url], audience: AUDIENCE, jwksUrl: undefined };
    const eager = oidcAuthentication({ ...options, times: { cooldownMs: 0 } });
    const patient = oidcAuthentication(options);
    const before = local.fetches();
    for (const authenticate of [eager, patient]) {
      await Promise.all(Array.from({ length: 5 }, async () => authenticate(bearer(await local.token()))));
    }
    assert.equal(local.fetches() - before, 2);
    for (const algorithm of ["ES256", "PS256", "RS256"]) {
      await local.rotate(algorithm, true);
      await eager(bearer(await local.token()));
    }
    assert.equal(local.fetches() - before, 5);
    for (let i = 0; i < 3; i += 1) {
      const token = await local.token({}, { keyId: `unknown-${i}` });
      await assert.rejects(patient(bearer(token)), /no such key/);
    }
    assert.equal(local.fetches() - before, 5);
  });

  it("answers 503 while the keys cannot be fetched, and again when they can", async () => {
    for (const jwksUrl of [undefined, `${local.url}/keys`]) {
      const authenticate = oidcAuthentication({ issuers: [local.url], audience: AUDIENCE, jwksUrl });
      local.answer(500);
      await assert.rejects(authenticate(bearer(await local.token())), (error: unknown) => {
        assert.ok(error instanceof HttpProblem);
        assert.deepEqual([error.body.status, error.body.code], [503, "issuer_unavailable"]);
        assert.equal(error.headers["retry-after"], "5");
        return true;
      });
      local.answer(200);
      const token = await local.token();
      await until("the issuer is asked again", () =>
        authenticate(bearer(token)).then(
          () => true,
          () => false,
        ),
      );
    }
  });
});

describe("RATE_LIMIT_PER_SECOND", () => {
  it("answers 429 with Retry-After to one principal, and not to another or to probes", async () => {
    const burst = await Promise.all(Array.from({ length: 30 }, () => post(limited, bearer(shop.key))));
    const refused = burst.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 15, `${refused.length} refused`);
    assert.deepEqual([...new Set(burst.map(({ status }) => status))].sort(), [202, 429], burst[0]?.text);
    assert.equal(refused[0]?.json.code, "rate_limited");
    assert.equal(refused[0]?.headers.get("retry-after"), "1");
    assert.equal((await post(limited, bearer(other.key))).status, 202);
    const probes = await Promise.all(Array.from({ length: 30 }, () => limited.get("/livez")));
    assert.deepEqual([...new Set(probes.map(({ status }) => status))], [200]);
  });

  it("counts failed authentications by address, and lets a known principal pass", async () => {
    const failed = await Promise.all(Array.from({ length: 30 }, () => post(limited, bearer("wrong"))));
    const statuses = new Set(failed.map(({ status }) => status));
    assert.deepEqual([...statuses].sort(), [401, 429]);
    await until(
      "the principal's second is over",
      async () => (await post(limited, bearer(shop.key))).status === 202,
    );
  });
});

describe("every answer", () => {
  it("tells browsers to do nothing with it, also when it is an error", async () => {
    for (const answer of [
      await byKey.get("/livez"),
      await byKey.get("/updates/x"),
      await post(byKey, bearer(shop.key)),
    ]) {
      assert.equal(
        answer.headers.get("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'",
      );
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.equal(answer.headers.get("x-frame-options"), "DENY");
      assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    }
    const docs = await byKey.get("/docs/");
    assert.match(
      docs.headers.get("content-security-policy") ?? "",
      /script-src 'self'/,
      "the reader has its own policy",
    );
  });

  it("holds no key, token, hash or signature, and neither does the log", () => {
    const sidecars = [byKey, byToken, limited];
    const told = [
      ...sidecars.flatMap(({ logged }) => logged),
      ...answers.map((one) => `${one.text} ${JSON.stringify([...one.headers])}`),
    ].join("\n");
    const secrets = [
      ...given,
      SIGNING_KEY,
      ...[shop, spare, other].map(({ line }) => line.split("sha256:")[1] ?? ""),
    ];
    for (const secret of secrets.filter(({ length }) => length > 8))
      assert.ok(!told.includes(secret), secret);
    assert.ok(!/ at .*\.ts:\d+/.test(answers.map(({ text }) => text).join("\n")), "no stack");
  });
});

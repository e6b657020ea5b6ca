import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { newApiKey } from "../../../src/http/api-keys.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { registry } from "../../../src/tables/registry.ts";
import { answerCheck } from "../../support/described.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { document, type Route, routesOf } from "../../support/openapi.ts";
import { rawRequest } from "../../support/raw-http.ts";
import { type Answer, preparedRig, testSidecar } from "../../support/sidecar.ts";
import { until } from "../../support/until.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
const alone = await testSidecar(file, { INSTANCE_HOST: "", INSTANCE_UNIX_SOCKET: "" }, { rig });
/** Nothing listens where its broker is said to be. */
const nowhere = openPubSub({ project: rig.broker.project, emulatorHost: "127.0.0.1:1" });
file.after(() => nowhere.close());
const unheard = await testSidecar(
  file,
  { HTTP_PUBLISH_TIMEOUT_MS: "200" },
  { rig: { ...rig, client: nowhere } },
);
/** It knows who asks by a key, and grants nothing. */
const folder = await mkdtemp(join(tmpdir(), "rowpost-answers-"));
file.after(() => rm(folder, { recursive: true }));
const { key, line } = newApiKey({ name: "nobody" } as Parameters<typeof newApiKey>[0]);
await writeFile(join(folder, "keys"), line);
await writeFile(join(folder, "policy.json"), JSON.stringify({ version: 1, principals: { nobody: {} } }));
const locked = await testSidecar(
  file,
  { AUTH: "api-key", API_KEYS_FILE: join(folder, "keys"), POLICY_FILE: join(folder, "policy.json") },
  { rig },
);
/** Its worker does not answer. */
const workerless = await testSidecar(file, { WORKER_URL: "http://127.0.0.1:1" }, { rig });
const slow = await testSidecar(file, { RATE_LIMIT_PER_SECOND: "1" }, { rig });
/** The issuer of its tokens is not there. */
const OIDC = { AUTH: "oidc", OIDC_ISSUER: "http://127.0.0.1:1", OIDC_AUDIENCE: "rowpost" };
const untold = await testSidecar(file, { ...OIDC, POLICY_FILE: join(folder, "policy.json") }, { rig });
const routes = routesOf(await document());
const check = await answerCheck(registry);
expectNoLeaks();

type Got = Pick<Answer, "status">;
/** How an answer is produced, by route and status, or by status alone for what many routes do alike. */
type Producers = Readonly<Record<string, (route: Route) => Promise<Got>>>;

const WAIT = { prefer: "wait=20" };
const MISSING = { table: "customers", op: "update", key: { customerID: "none" }, set: { firstName: "X" } };
const ADD = "/update/customers";
const ETAG = { "if-none-match": "*" };

let made = 0;
function customer() {
  made += 1;
  return { customerID: `c-${made}`, firstName: `Ada ${made}` };
}
function upsert() {
  const { customerID, firstName } = customer();
  return { table: "customers", op: "upsert", key: { customerID }, set: { firstName } };
}

/** Publishes a post of the feed, and resolves when it is there. */
function post(guid: string) {
  return sidecar.post("/update/feed", { guid, title: "One", pubDate: "2024-07-11T16:26:32" });
}

/** The id of a dead letter: of an update of a row that is not there, or of one whose key was taken. */
async function deadLetter(keyTaken = false): Promise<string> {
  const key = `dead-${(made += 1)}`;
  const headers = { ...WAIT, "idempotency-key": key };
  if (keyTaken) await sidecar.post("/updates", upsert(), headers);
  const refused = await sidecar.post("/updates", keyTaken ? upsert() : MISSING, headers);
  assert.ok(refused.status >= 400, refused.text);
  const find = async () => {
    const { json } = await sidecar.get("/dead-letters?limit=200");
    const letters = json.deadLetters as { id: string; idempotencyKey: string }[];
    return letters.find(({ idempotencyKey }) => idempotencyKey === key)?.id;
  };
  return until("the update's dead letter", find);
}

/** A request without a body, by the document's own path. */
function plain(route: Route, path: string, { on = sidecar, headers = {} } = {}): Promise<Answer> {
  return on.request(path, { method: route.method, headers });
}

function switchLevel(change: unknown, on = sidecar): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  return on.request("/log-level", { method: "PUT", headers, body: JSON.stringify(change) });
}

/** The route's path with something in the place of each parameter, which exists where that is needed. */
function example({ path }: Route): string {
  const table = path.startsWith("/update/") ? "customers" : "feed";
  const query = path === "/get/post" ? "?table=toots" : "";
  return `${path.replace("{table}", table).replace("{key}", "some").replace("{id}", "1")}${query}`;
}

/** As it is on the wire; checked against the document like any other. */
async function raw(route: Route, head: string, body = ""): Promise<Got> {
  const path = example(route);
  const start = `${route.method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
  const answer = await rawRequest(sidecar.url, `${start}${head}\r\n${body}`);
  assert.equal(check({ method: route.method, path, ...answer }), undefined);
  return answer;
}

const BY_STATUS: Producers = {
  304: (route) => plain(route, example(route), { headers: ETAG }),
  400: (route) =>
    route.operation.security?.length === 0
      ? raw(route, "no header\r\n")
      : plain(route, `${example(route)}${example(route).includes("?") ? "&" : "?"}stranger=1`),
  401: (route) => plain(route, example(route), { on: locked }),
  403: (route) => forbidden(route),
  413: (route) => raw(route, "Content-Type: application/json\r\nContent-Length: 999999999\r\n"),
  415: (route) => raw(route, "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}"),
  429: async (route) => {
    const several = Array.from({ length: 10 }, () => plain(route, example(route), { on: slow }));
    const answers = await Promise.all(several);
    return answers.find(({ status }) => status === 429) ?? assert.fail("no limit");
  },
  503: (route) => plain(route, example(route), { on: alone }),
};

const PRODUCERS: Producers = {
  "GET /log-level 200": () => sidecar.get("/log-level"),
  "GET /log-level 503": () => workerless.get("/log-level"),
  "PUT /log-level 200": () => switchLevel({ level: "info", seconds: 1 }),
  "PUT /log-level 422": () => switchLevel({ level: "loud" }),
  "PUT /log-level 503": () => switchLevel({ level: "info" }, workerless),
  "POST /updates 200": () => sidecar.post("/updates", upsert(), WAIT),
  "POST /updates 202": () => sidecar.post("/updates", upsert()),
  "POST /updates 207": () => sidecar.post("/updates", { updates: [upsert(), {}] }),
  "POST /updates 409": () => sidecar.post("/updates", MISSING, WAIT),
  "POST /updates 422": () => sidecar.post("/updates", {}),
  "POST /updates 503": () => unheard.post("/updates", upsert()),
  "GET /updates/{key} 200": () => settled(),
  "GET /updates/{key} 304": () => settled(ETAG),
  "GET /updates/{key} 404": () => sidecar.get("/updates/none"),
  "POST /update/{table} 200": async () => {
    const row = customer();
    await sidecar.post(ADD, row);
    return sidecar.post(ADD, row);
  },
  "POST /update/{table} 201": () => sidecar.post(ADD, customer()),
  "POST /update/{table} 202": () => alone.post(ADD, customer()),
  "POST /update/{table} 404": () => sidecar.post("/update/none", {}),
  "POST /update/{table} 409": async () => {
    await rig.database.query("ALTER TABLE customers ADD UNIQUE INDEX customers_lastName (lastName)");
    await sidecar.post(ADD, { ...customer(), lastName: "Lovelace" });
    return sidecar.post(ADD, { ...customer(), lastName: "Lovelace" });
  },
  "POST /update/{table} 422": () => sidecar.post(ADD, { firstName: 1 }),
  "POST /update/{table} 503": () => unheard.post(ADD, customer()),
  // These need no grant, but a page of another site may not ask at all.
  "GET /updates/{key} 403": (route) => raw(route, "Sec-Fetch-Site: cross-site\r\n"),
  "GET /tables 403": (route) => raw(route, "Sec-Fetch-Site: cross-site\r\n"),
  "GET /tables 503": (route) =>
    plain(route, "/tables", { on: untold, headers: { authorization: `Bearer ${token()}` } }),
  "GET /tables/{table} 503": (route) =>
    plain(route, "/tables/feed", { on: untold, headers: { authorization: `Bearer ${token()}` } }),
  "GET /tables 200": (route) => plain(route, "/tables"),
  "GET /tables/{table} 200": (route) => plain(route, "/tables/toots"),
  "GET /tables/{table} 404": (route) => plain(route, "/tables/none"),
  "GET /tables/{table}/rows 200": async (route) => {
    await Promise.all(["r-1", "r-2"].map(post));
    return plain(route, "/tables/feed/rows?limit=1");
  },
  "GET /tables/{table}/rows 404": (route) => plain(route, "/tables/none/rows"),
  "GET /tables/{table}/rows/{key} 200": (route) => row(route),
  "GET /tables/{table}/rows/{key} 304": (route) => row(route, ETAG),
  "GET /tables/{table}/rows/{key} 404": (route) => plain(route, "/tables/feed/rows/none"),
  "GET /get/post 200": async (route) => {
    await post("p-1");
    return plain(route, "/get/post?table=toots");
  },
  "GET /get/post 304": async (route) => {
    await post("p-1");
    return plain(route, "/get/post?table=toots", { headers: ETAG });
  },
  "GET /get/post 404": async (route) => {
    await rig.database.query("DELETE FROM feed");
    return plain(route, "/get/post?table=toots");
  },
  "GET /dead-letters 200": async (route) => {
    await deadLetter();
    return plain(route, "/dead-letters");
  },
  "GET /dead-letters/summary 200": async (route) => {
    await deadLetter();
    return plain(route, "/dead-letters/summary");
  },
  "GET /dead-letters/{id} 200": async (route) => plain(route, `/dead-letters/${await deadLetter()}`),
  "GET /dead-letters/{id} 404": (route) => plain(route, "/dead-letters/999"),
  "DELETE /dead-letters/{id} 204": async (route) => plain(route, `/dead-letters/${await deadLetter()}`),
  "DELETE /dead-letters/{id} 404": (route) => plain(route, "/dead-letters/999"),
  "POST /dead-letters/{id}/replay 202": async (route) =>
    plain(route, `/dead-letters/${await deadLetter()}/replay`),
  "POST /dead-letters/{id}/replay 404": (route) => plain(route, "/dead-letters/999/replay"),
  "POST /dead-letters/{id}/replay 409": async (route) =>
    plain(route, `/dead-letters/${await deadLetter(true)}/replay`),
  "GET /receipts 200": async (route) => {
    await settled();
    return plain(route, "/receipts");
  },
  "GET /events 200": () => listener(),
  "GET /events 503": async (route) => {
    const all = await Promise.all(Array.from({ length: 50 }, () => listener()));
    const refused = await plain(route, "/events");
    for (const one of all) one.leave();
    return refused;
  },
  "GET /events 429": async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => listener(slow)));
    for (const one of all) one.leave();
    return all.find(({ status }) => status === 429) ?? assert.fail("no limit");
  },
  "GET /livez 200": (route) => plain(route, "/livez"),
  "GET /startupz 200": (route) => plain(route, "/startupz"),
  "GET /readyz 200": (route) => plain(route, "/readyz"),
  "GET /readyz 503": (route) => plain(route, "/readyz", { on: unheard }),
  "GET /metrics 200": (route) => plain(route, "/metrics"),
  "GET /openapi.json 200": (route) => plain(route, "/openapi.json"),
};

/** Asks for what its principal has no grant for. */
function forbidden(route: Route): Promise<Answer> {
  const headers = { "x-api-key": key };
  if (route.path === "/updates") return locked.post("/updates", upsert(), headers);
  if (route.path === "/update/{table}") return locked.post(ADD, customer(), headers);
  return plain(route, example(route), { on: locked, headers });
}

/** A token that looks like one of the issuer that is not there. */
function token(): string {
  const parts = [
    { alg: "RS256", kid: "1" },
    { iss: OIDC.OIDC_ISSUER, sub: "x" },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return `${parts.join(".")}.AAAA`;
}

async function settled(headers = {}): Promise<Answer> {
  const { json } = await sidecar.post("/updates", upsert(), WAIT);
  return sidecar.get(json.location, headers);
}

async function row(route: Route, headers = {}): Promise<Answer> {
  await post("https://e.org/1");
  return plain(route, `/tables/feed/rows/${encodeURIComponent("https://e.org/1")}`, { headers });
}

/** One that reads the events until it leaves; its answer is checked when it is refused. */
async function listener(on = sidecar) {
  const gone = new AbortController();
  const answer = await fetch(`${on.url}/events`, { signal: gone.signal });
  file.after(async () => gone.abort());
  const { status, headers } = answer;
  if (status >= 400) {
    const text = await answer.text();
    assert.equal(check({ method: "GET", path: "/events", status, headers, text }), undefined);
  }
  return { status, leave: () => gone.abort() };
}

describe("every documented answer is given", () => {
  for (const route of routes) {
    for (const status of Object.keys(route.operation.responses)) {
      const name = `${route.method} ${route.path} ${status}`;
      it(name, async () => {
        const produce = PRODUCERS[name] ?? BY_STATUS[status] ?? assert.fail("no test produces it");
        assert.equal((await produce(route)).status, Number(status));
      });
    }
  }
  it("produces nothing that is not documented", () => {
    const documented = routes.flatMap(({ method, path, operation }) =>
      Object.keys(operation.responses).map((status) => `${method} ${path} ${status}`),
    );
    assert.deepEqual(
      Object.keys(PRODUCERS).filter((name) => !documented.includes(name)),
      [],
    );
  });
});

describe("what no route answers", () => {
  it("is 405 with the path's methods in Allow when the path has others", async () => {
    const answer = await sidecar.request("/updates", { method: "DELETE" });
    assert.equal(answer.status, 405, answer.text);
    assert.equal(answer.headers.get("allow"), "POST");
    assert.equal(answer.json.code, "method_not_allowed");
    const letter = await sidecar.request("/dead-letters/7", { method: "PUT" });
    assert.equal(letter.headers.get("allow"), "DELETE, GET, HEAD");
  });

  it("is 404 when there is nothing on the path", async () => {
    const answer = await sidecar.get("/nothing/here");
    assert.equal(answer.status, 404);
    assert.equal(answer.json.code, "not_found");
  });

  it("is a problem also when it is no HTTP", async () => {
    const answer = await rawRequest(sidecar.url, "HELLO\r\n\r\n");
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    const hostless = await rawRequest(sidecar.url, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert.equal(hostless.status, 400);
    assert.equal((JSON.parse(hostless.text) as { code: string }).code, "bad_request");
    const large = await rawRequest(
      sidecar.url,
      `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
    );
    assert.equal(large.status, 431);
    assert.equal((JSON.parse(large.text) as { code: string }).code, "headers_too_large");
  });
});

describe("the description's reader", () => {
  it("loads from this sidecar alone, by its own policy", async () => {
    const page = await sidecar.get("/docs");
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /(?:src|href)="(?:https?:)?\/\//);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /https?:|\*|unsafe/);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
    assert.ok(files.length >= 5);
    for (const path of files) assert.equal((await sidecar.get(path)).status, 200, path);
    assert.equal((await sidecar.get("/docs/json")).json.openapi, "3.1.0");
  });
});

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { accessToken } from "../../../src/secrets/access-token.ts";
import { openSecrets } from "../../../src/secrets/open-secrets.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { metadataServer } from "../../support/metadata-server.ts";
import { type Behaviour, secretManager } from "../../support/secret-manager.ts";

const file = { after: (fn: () => Promise<void>) => after(fn) };
const metadata = await metadataServer(file);
metadata.use(file);
const manager = await secretManager(file);
expectNoLeaks();

const SECRET = "projects/demo/secrets/db-pass";
const TEXT = "hunter2 and a half";

/** A secret that nobody has read yet. */
function secretOf(version: string, endpoint: string | undefined = manager.url) {
  return openSecrets({ endpoint }).of("DB_PASS", { kind: "gcp-secret", version });
}

async function faultOf(version: string, endpoint?: string): Promise<string> {
  const error = await secretOf(version, endpoint)
    .read()
    .then(assert.fail, (thrown: Error & { code: string }) => thrown);
  assert.equal(error.code, "SECRET_UNAVAILABLE");
  assert.equal(error.cause, undefined);
  for (const hidden of [TEXT, Buffer.from(TEXT).toString("base64"), metadata.token()])
    assert.ok(!error.stack?.includes(hidden));
  assert.ok(error.message.startsWith(`DB_PASS: the secret ${version} `), error.message);
  assert.ok(!error.message.includes("\n"));
  return error.message.slice(`DB_PASS: the secret ${version} `.length);
}

beforeEach(() => {
  manager.behave("well");
  manager.admit(metadata.token());
  metadata.answer(200);
});

test("a version is accessed with the credentials of the machine, by its number and as latest", async () => {
  const first = manager.add(SECRET, `${TEXT}\n`);
  assert.equal(await secretOf(`${SECRET}/versions/${first}`).read(), TEXT);
  manager.add(SECRET, "newer");
  assert.equal(await secretOf(`${SECRET}/versions/latest`).read(), "newer");
  assert.equal(manager.accesses.at(-1)?.authorization, `Bearer ${metadata.token()}`);
});

test("a regional secret is accessed under its own name", async () => {
  const regional = "projects/demo/locations/europe-west1/secrets/db-pass";
  manager.add(regional, TEXT);
  assert.equal(await secretOf(`${regional}/versions/1`).read(), TEXT);
  assert.equal(manager.accesses.at(-1)?.name, `${regional}/versions/1`);
});

test("a hundred readers are one access, and no more until it is refused", async () => {
  const version = `${SECRET}/versions/${manager.add(SECRET, TEXT)}`;
  const before = manager.accesses.length;
  const secret = secretOf(version);
  await Promise.all(Array.from({ length: 100 }, () => secret.read()));
  await secret.read();
  assert.equal(manager.accesses.length - before, 1);
});

test("each refusal of the service is one sentence that says what to do", async () => {
  assert.match(await faultOf(`${SECRET}/versions/999`), /^does not exist; add the version, or correct/);
  const number = manager.add(SECRET, TEXT);
  const version = `${SECRET}/versions/${number}`;
  for (const state of ["disabled", "destroyed"] as const) {
    manager.set(SECRET, number, state);
    const words = `is in ${state.toUpperCase()} state`;
    assert.match(await faultOf(version), new RegExp(`^is disabled or destroyed; enable it, .* ${words}`));
  }
  manager.set(SECRET, number, "enabled");
  const cases: [Behaviour, RegExp][] = [
    ["denies", /^may not be read: grant roles\/secretmanager\.secretAccessor on it .* denied for/],
    ["overloaded", /^cannot be read: Secret Manager answered with status 503$/],
    ["damages", /^came damaged: it has another checksum than it was stored with$/],
    [
      "babbles",
      /^cannot be read: the answer is not one of Secret Manager's; look at SECRET_MANAGER_ENDPOINT/,
    ],
  ];
  for (const [behaviour, pattern] of cases) {
    manager.behave(behaviour);
    assert.match(await faultOf(version), pattern);
  }
  manager.behave("well");
  manager.admit("another token");
  assert.match(
    await faultOf(version),
    /^cannot be read: Secret Manager does not take these Google credentials/,
  );
});

test("a payload that is no text is refused", async () => {
  const version = `${SECRET}/versions/${manager.add(SECRET, Uint8Array.of(0xff, 0x00))}`;
  assert.equal(await faultOf(version), "is not UTF-8 text");
  const empty = `${SECRET}/versions/${manager.add(SECRET, "")}`;
  assert.equal(await faultOf(empty), "is empty");
});

test("a service that is away, and one that is silent, are told apart", async (t) => {
  const away = await faultOf(`${SECRET}/versions/1`, "http://127.0.0.1:1");
  assert.equal(away, "cannot be read: Secret Manager or Google's login cannot be reached (ECONNREFUSED)");
  manager.behave("hangs");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const before = manager.accesses.length;
  const fault = faultOf(`${SECRET}/versions/1`);
  while (manager.accesses.length === before) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(10_000);
  assert.match(await fault, /^cannot be read: Secret Manager did not answer in time|within 10000 ms/);
});

test("a machine whose credentials give no token says so, and goes on once they do", async () => {
  const version = `${SECRET}/versions/${manager.add(SECRET, TEXT)}`;
  metadata.answer(500);
  assert.match(await faultOf(version), /^cannot be read: /);
  metadata.answer(200);
  assert.equal(await secretOf(version).read(), TEXT);
});

test("a token of the login is the machine's, for logins only, and a new one when the old one is refused or expires", async () => {
  const asked = () => metadata.issued.filter(({ scopes }) => scopes.join().includes("sqlservice")).length;
  metadata.lifetime(3_599);
  const before = asked();
  const clock = { ms: 0 };
  const secret = accessToken("DB_IAM_USER", () => clock.ms);
  const first = await secret.read();
  assert.equal(first, metadata.token());
  assert.deepEqual(metadata.issued.at(-1)?.scopes, ["https://www.googleapis.com/auth/sqlservice.login"]);
  metadata.renew();
  assert.equal(await secret.read(), first);
  assert.equal(asked() - before, 1);
  clock.ms += 1_000;
  secret.refused();
  const second = await secret.read();
  assert.notEqual(second, first);
  assert.equal(second, metadata.token());
  secret.refused();
  assert.equal(await secret.read(), second);
  assert.equal(asked() - before, 2);
});

test("a token that is about to expire is not used for a new connection", async () => {
  metadata.lifetime(60);
  const secret = openSecrets({ endpoint: undefined }).accessToken("DB_IAM_USER");
  const first = await secret.read();
  metadata.renew();
  assert.notEqual(await secret.read(), first);
  metadata.lifetime(3_599);
});

test("a token that cannot be had is one sentence with its variable", async () => {
  metadata.answer(404);
  const error = await openSecrets({ endpoint: undefined })
    .accessToken("DB_IAM_USER")
    .read()
    .then(assert.fail, (thrown: Error & { code: string }) => thrown);
  assert.equal(error.code, "SECRET_UNAVAILABLE");
  assert.match(error.message, /^DB_IAM_USER: cannot get an access token: [^\n]+$/);
});

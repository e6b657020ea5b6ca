import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseOptions } from "../../../src/cli/context.ts";
import { readConfig } from "../../../src/config.ts";
import type { DatabaseOptions } from "../../../src/store/database-options.ts";
import { cut, openConnections } from "../../../src/store/open-connection.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { databaseError } from "../../../src/store/trouble.ts";
import { openCloudSql } from "../../../src/store/way-cloud-sql.ts";
import { type CloudSql, cloudSql, googleError, type Network } from "../../support/cloud-sql.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { metadataServer } from "../../support/metadata-server.ts";
import { database, type Scope, type TestDatabase } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

// Google's login would ask a gcloud of this machine, for seconds, which project it is in.
process.env["GOOGLE_CLOUD_PROJECT"] = "demo";

expectNoLeaks();

/** An instance before a database of one's own, and what the configuration makes of these variables. */
async function setting(t: Scope, environment: Readonly<Record<string, string>> = {}) {
  const db = await database(t);
  const metadata = await metadataServer(t);
  metadata.use(t);
  const cloud = await cloudSql(t, db);
  return { db, metadata, cloud, options: optionsOf(db, cloud, environment) };
}

/** As a command reads them. */
function optionsOf(
  db: TestDatabase,
  cloud: CloudSql,
  environment: Readonly<Record<string, string>>,
): DatabaseOptions {
  const variables = { ...db.environment, INSTANCE_HOST: "", ...cloud.environment, ...environment };
  const { config, faults } = readConfig(variables);
  assert.ok(config !== undefined, faults?.join("; "));
  return databaseOptions(config);
}

async function opened(t: Scope, options: DatabaseOptions): Promise<Store> {
  const store = await openStore(options, new Map(), 2);
  t.after(() => store.close());
  return store;
}

const one = async (store: Store) => (await store.select("SELECT 1 AS n"))[0]?.["n"];

for (const [network, environment] of [
  ["public", {}],
  ["private", { PRIVATE_IP: "1" }],
  ["private", { INSTANCE_NETWORK: "private" }],
  ["psc", { INSTANCE_NETWORK: "psc" }],
] as const satisfies readonly (readonly [Network, Readonly<Record<string, string>>])[]) {
  const by = JSON.stringify(environment);
  test(`the ${network} address of an instance is taken, with a password, by ${by}`, async (t) => {
    const { cloud, metadata, options } = await setting(t, environment);
    const store = await opened(t, options);
    assert.equal(await one(store), 1);
    assert.deepEqual(cloud.arrivals, [{ network, token: undefined }]);
    assert.deepEqual(
      cloud.requests.map(({ call, body }) => [call, Object.keys(body)]),
      [
        ["connectSettings", []],
        ["generateEphemeralCert", ["public_key"]],
      ],
    );
    for (const { authorization } of cloud.requests) assert.equal(authorization, `Bearer ${metadata.token()}`);
  });
}

test("the service account logs in with a token in its certificate, and sends no password", async (t) => {
  const { db, cloud, metadata } = await setting(t);
  const user = `iam_${db.name}`.slice(0, 30);
  // Whoever sends a password to an account that has none is refused.
  await db.query(`CREATE USER '${user}'@'%'`);
  await using account = new AsyncDisposableStack();
  account.defer(async () => void (await db.query(`DROP USER '${user}'@'%'`)));
  await db.query(`GRANT ALL ON ${db.name}.* TO '${user}'@'%'`);
  const options = optionsOf(db, cloud, {
    DB_IAM_USER: user,
    DB_PASS: "",
    SQL_ADMIN_ENDPOINT: `${cloud.endpoint}/`,
  });
  const store = await opened(t, options);
  const [row] = await store.select("SELECT CURRENT_USER() AS me");
  assert.equal(row?.["me"], `${user}@%`);
  const { token, scopes } = metadata.issued.find(({ scopes }) => scopes[0]?.endsWith("login")) ?? {};
  assert.deepEqual(scopes, ["https://www.googleapis.com/auth/sqlservice.login"]);
  assert.deepEqual(cloud.arrivals, [{ network: "public", token }]);
  assert.equal(cloud.requests[1]?.body.access_token, token);
});

test("a certificate is renewed before it ends, and new connections show the new one", async (t) => {
  const { cloud, options } = await setting(t);
  cloud.behaviour.lifeSeconds = 242; // the connector renews 4 minutes before the end
  const store = await opened(t, options);
  assert.equal(cloud.certificates, 1);
  cloud.behaviour.lifeSeconds = 3_600;
  cloud.renewClients();
  await until("the certificate is renewed", () => cloud.certificates === 2);
  cloud.cut();
  assert.equal(await until("a connection", () => one(store)), 1);
  assert.equal(cloud.arrivals.length, 2);
});

test("a server certificate of a new CA is believed as soon as the API tells of it", async (t) => {
  const { cloud, options } = await setting(t);
  const store = await opened(t, options);
  cloud.renewServer({ told: true });
  cloud.cut();
  const since = performance.now();
  await until("a connection", () => one(store));
  t.diagnostic(`connected again after ${Math.round(performance.now() - since)} ms`);
  assert.equal(cloud.certificates, 2);
});

test("an instance that has moved to another address is found there within 5 s", async (t) => {
  const { cloud, options } = await setting(t, { INSTANCE_NETWORK: "private" });
  const store = await opened(t, options);
  const before = cloud.addressOf("private");
  await cloud.move();
  assert.notEqual(cloud.addressOf("private"), before);
  const since = performance.now();
  await until("a connection", () => one(store));
  const ms = Math.round(performance.now() - since);
  t.diagnostic(`connected to the new address after ${ms} ms`);
  assert.ok(ms < 5_000);
});

test("an instance that has moved is found although the old address takes connections and is silent", async (t) => {
  const { cloud, options } = await setting(t, { DB_CONNECT_TIMEOUT_MS: "1000" });
  const connections = await openConnections(options);
  t.after(() => connections[Symbol.asyncDispose]());
  cut(await connections.open());
  await cloud.move({ silent: true });
  const since = performance.now();
  await assert.rejects(
    connections.open(),
    /the public address of demo:europe-west1:main cannot be reached \(ETIMEDOUT\)/,
  );
  cut(await until("a connection", () => connections.open()));
  t.diagnostic(`connected to the new address after ${Math.round(performance.now() - since)} ms`);
});

test("while the instance is away, the API is asked once in 5 s, not once a connection", async (t) => {
  const { cloud, options } = await setting(t);
  const connections = await openConnections(options);
  t.after(() => connections[Symbol.asyncDispose]());
  cut(await connections.open());
  cloud.renewServer({ told: false });
  const since = performance.now();
  for (let i = 0; i < 30; i += 1)
    await assert.rejects(connections.open(), /no certificate of the instance's CA/);
  await until("it is asked again", () => cloud.certificates >= 2);
  const [ms, asked] = [performance.now() - since, cloud.certificates - 1];
  assert.ok(asked <= 1 + ms / 5_000, `asked ${asked} times in ${ms} ms`);
});

test("credentials that were not there at first are used by the next connection", async (t) => {
  const { metadata, options } = await setting(t);
  const connections = await openConnections(options);
  t.after(() => connections[Symbol.asyncDispose]());
  process.env["GCE_METADATA_HOST"] = "127.0.0.1:1";
  await assert.rejects(connections.open(), /no Google credentials/);
  metadata.use(t);
  cut(await connections.open());
});

test("an API that was away is asked again by the next connection", async (t) => {
  const { cloud, options } = await setting(t);
  const connections = await openConnections(options);
  t.after(() => connections[Symbol.asyncDispose]());
  await cloud.stopApi();
  await assert.rejects(connections.open(), { code: "CLOUD_SQL" });
  await cloud.startApi();
  cut(await connections.open());
});

test("an API that is silent is given up in time, and asked again by the next connection", async (t) => {
  const { cloud, options } = await setting(t);
  assert.ok(options.address.kind === "cloud-sql");
  await using way = openCloudSql(options.address, 1_000);
  cloud.behaviour.silent = true;
  await assert.rejects(way.options(), /did not answer in time/);
  cloud.behaviour.silent = false;
  await way.options();
});

test("what was never reached is closed without harm", async (t) => {
  const { cloud, options } = await setting(t);
  cloud.behaviour.error = googleError(403, "notAuthorized", "No.");
  const connections = await openConnections(options);
  await assert.rejects(connections.open(), { code: "CLOUD_SQL" });
  await connections[Symbol.asyncDispose]();
});

test("neither instance nor API there before the first connection: both are used once they are back", async (t) => {
  const { cloud, options } = await setting(t);
  assert.ok(options.address.kind === "cloud-sql");
  const connections = await openConnections(options);
  t.after(() => connections[Symbol.asyncDispose]());
  cloud.renewServer({ told: false });
  cloud.behaviour.certError = googleError(403, "notAuthorized", "No.");
  // The first try asks in vain; then the API knows of the certificate, and its front does not.
  await assert.rejects(connections.open(), { code: "CLOUD_SQL" });
  cloud.behaviour.certError = undefined;
  await assert.rejects(connections.open(), /no certificate of the instance's CA/);
  cloud.behaviour.error = googleError(403, "notAuthorized", "No.");
  const asked = cloud.requests.length;
  await assert.rejects(connections.open());
  await until("the API refuses a refresh", () => cloud.requests.length > asked);
  cloud.behaviour.error = undefined;
  cloud.renewServer({ told: true });
  cut(await until("a connection", () => connections.open()));
});

test("a known instance is connected to while the API is away", async (t) => {
  const { cloud, options } = await setting(t);
  const store = await opened(t, options);
  await cloud.stopApi();
  cloud.cut();
  assert.equal(await until("a connection", () => one(store)), 1);
});

test("a connection that hangs in the front is given up, and the next statement has a new one", async (t) => {
  const { cloud, options } = await setting(t);
  const store = await opened(t, options);
  cloud.hush();
  await assert.rejects(store.select("SELECT 1"), (error) => databaseError(error).code === "CONNECTION_HUNG");
  assert.equal(await one(store), 1);
});

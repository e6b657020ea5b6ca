import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig, retentionFaults } from "../../src/config.ts";

function faultsOf(environment: Record<string, string>): readonly string[] {
  return readConfig(environment).faults ?? [];
}

test("an empty environment is a whole configuration, but names no database", () => {
  const { config } = readConfig({});
  assert.equal(config?.database.address, undefined);
  assert.equal(config?.worker.batchSize, 500);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config?.worker));
});

test("a host wins over a socket, and an empty variable counts as not set", () => {
  const both = readConfig({ INSTANCE_HOST: "db", INSTANCE_UNIX_SOCKET: "/s", DB_PORT: "" }).config;
  assert.deepEqual(both?.database.address, { kind: "tcp", host: "db", port: 3306, tls: undefined });
  const socket = readConfig({ INSTANCE_HOST: "", INSTANCE_UNIX_SOCKET: "/s" }).config;
  assert.deepEqual(socket?.database.address, { kind: "socket", path: "/s" });
});

test("every fault is told at once, each with its variable", () => {
  const faults = faultsOf({ LANES: "0", DB_PORT: "x", LOG_LEVEL: "loud", PUBSUB_TOPIC: "a b" });
  assert.deepEqual(faults.map((fault) => fault.split(":")[0]).sort(), [
    "DB_PORT",
    "LANES",
    "LOG_LEVEL",
    "PUBSUB_TOPIC",
  ]);
});

test("client certificates come in pairs and need the server's CA", () => {
  assert.deepEqual(faultsOf({ DB_CERT: "c" }).length, 2);
  assert.deepEqual(faultsOf({ DB_CERT: "c", DB_KEY: "k", DB_ROOT_CERT: "ca", INSTANCE_HOST: "db" }), []);
});

test("receipts must outlive messages and replays; the fault names both numbers", () => {
  assert.deepEqual(retentionFaults(168, 96, 144), []);
  assert.match(retentionFaults(168, 168, 144)[0] ?? "", /168 h must exceed .* 168 h/);
  assert.match(faultsOf({ RECEIPT_RETENTION_HOURS: "100" })[0] ?? "", /100 h must exceed .* 144 h/);
});

test("rules between variables are told beside faults of single ones, but not of those that are faulty", () => {
  const faults = faultsOf({ LANES: "0", DB_CERT: "c", RECEIPT_RETENTION_HOURS: "x", AUTH: "oidc" });
  assert.deepEqual(faults.map((fault) => fault.split(":")[0]).sort(), [
    "DB_CERT",
    "DB_CERT, DB_KEY",
    "LANES",
    "OIDC_AUDIENCE",
    "OIDC_ISSUER",
    "POLICY_FILE",
    "RECEIPT_RETENTION_HOURS",
  ]);
});

test("nobody is let in unasked from other machines, unless that is meant", () => {
  for (const host of ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
    assert.deepEqual(faultsOf({ HTTP_HOST: host }), []);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org"]) {
    assert.match(
      faultsOf({ HTTP_HOST: host })[0] ?? "",
      /^AUTH: none lets everybody .* set AUTH, or AUTH_NONE_OK=1/,
    );
    assert.deepEqual(faultsOf({ HTTP_HOST: host, AUTH_NONE_OK: "1" }), []);
    assert.deepEqual(faultsOf({ HTTP_HOST: host, AUTH: "api-key", API_KEYS_FILE: "f" }), []);
  }
  assert.equal(faultsOf({ AUTH_NONE_OK: "yes" }).length, 1);
});

test("each way of authentication needs its own variables, and those of another are a fault", () => {
  assert.match(faultsOf({ AUTH: "api-key" })[0] ?? "", /^API_KEYS_FILE: is needed for AUTH=api-key/);
  assert.match(
    faultsOf({ API_KEYS_FILE: "f" })[0] ?? "",
    /^API_KEYS_FILE: is only read with AUTH=api-key, and AUTH is none/,
  );
  assert.equal(
    faultsOf({ OIDC_ISSUER: "https://a", OIDC_AUDIENCE: "x", OIDC_JWKS_URL: "https://a/k" }).length,
    3,
  );
  assert.equal(
    faultsOf({ AUTH: "oidc", OIDC_ISSUER: "https://a, b", OIDC_AUDIENCE: "x", POLICY_FILE: "p" }).length,
    1,
  );
  const { config } = readConfig({
    AUTH: "oidc",
    OIDC_ISSUER: "https://a, https://b/c",
    OIDC_AUDIENCE: "x",
    POLICY_FILE: "p",
  });
  assert.deepEqual(config?.access.auth, {
    kind: "oidc",
    issuers: ["https://a", "https://b/c"],
    audience: "x",
    jwksUrl: undefined,
  });
});

test("signing keys are long, and a fault does not repeat them", () => {
  const long = "k".repeat(32);
  assert.deepEqual(readConfig({ PUBLISHER_SIGNING_KEY: `${long}, ${long}2` }).config?.access.signingKeys, [
    long,
    `${long}2`,
  ]);
  assert.equal(readConfig({}).config?.access.signingKeys, undefined);
  for (const bad of ["short-secret", `${long},`, `${long},short-secret`]) {
    const [fault = ""] = faultsOf({ PUBLISHER_SIGNING_KEY: bad });
    assert.match(fault, /^PUBLISHER_SIGNING_KEY: must be one or more keys of at least 32 bytes/);
    assert.ok(!fault.includes("short-secret"));
  }
});

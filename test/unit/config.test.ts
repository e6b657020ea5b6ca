import assert from "node:assert/strict";
import { test } from "node:test";
import { type Config, readConfig, retentionFaults, signingKeysOf } from "../../src/config.ts";

function faultsOf(environment: Record<string, string>): readonly string[] {
  return readConfig(environment).faults ?? [];
}

function configOf(environment: Record<string, string>): Config {
  const { config, faults } = readConfig(environment);
  assert.deepEqual(faults, undefined);
  return config as Config;
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
  const text = `${long}, ${long}2`;
  assert.deepEqual(readConfig({ PUBLISHER_SIGNING_KEY: text }).config?.access.signingKeys, {
    kind: "text",
    text,
  });
  assert.deepEqual(signingKeysOf(text), [long, `${long}2`]);
  assert.equal(readConfig({}).config?.access.signingKeys, undefined);
  for (const bad of ["short-secret", `${long},`, `${long},short-secret`]) {
    const [fault = ""] = faultsOf({ PUBLISHER_SIGNING_KEY: bad });
    assert.match(fault, /^PUBLISHER_SIGNING_KEY: must be one or more keys of at least 32 bytes/);
    assert.ok(!fault.includes("short-secret"));
    assert.equal(signingKeysOf(bad), undefined);
  }
});

test("a password or signing key is a text, a reference or a file; a certificate is a file or a reference", () => {
  const version = "projects/p-1/secrets/s_1/versions/latest";
  const regional = "projects/p-1/locations/europe-west1/secrets/s_1/versions/3";
  const file = { kind: "file", path: "/run/secrets/x" };
  const { config } = readConfig({
    DB_PASS: `gcp-secret://${version}`,
    PUBLISHER_SIGNING_KEY_FILE: file.path,
  });
  assert.deepEqual(config?.database.password, { kind: "gcp-secret", version });
  assert.deepEqual(config?.access.signingKeys, file);
  assert.deepEqual(readConfig({ DB_PASS_FILE: file.path }).config?.database.password, file);
  const tls = { INSTANCE_HOST: "db", DB_ROOT_CERT: file.path, DB_CERT: file.path };
  const { address } = readConfig({ ...tls, DB_KEY: `gcp-secret://${regional}` }).config?.database ?? {};
  assert.deepEqual(address?.kind === "tcp" && address.tls, {
    ca: file,
    cert: file,
    key: { kind: "gcp-secret", version: regional },
    serverName: undefined,
  });
});

test("a faulty reference is told by its variable and form, and not repeated", () => {
  for (const bad of [
    "gcp-secret://projects/p/secrets/hunter2",
    "gcp-secret://p/hunter2",
    "gcp-secret:///projects/p/secrets/hunter2/versions/1",
    "gcp-secret://projects/p/secrets/hunter2/versions/1/",
    "gcp-secret://projects/p/secrets/hunter2/versions/../1",
  ]) {
    for (const name of ["DB_PASS", "PUBLISHER_SIGNING_KEY", "DB_ROOT_CERT"]) {
      const faults = faultsOf({ [name]: bad });
      assert.deepEqual(faults, [`${name}: is not gcp-secret://projects/P/secrets/S/versions/V`]);
    }
  }
});

test("a secret is set in one way", () => {
  const key = "k".repeat(32);
  assert.deepEqual(faultsOf({ DB_PASS: "a", DB_PASS_FILE: "b" }), ["DB_PASS, DB_PASS_FILE: set one of them"]);
  assert.deepEqual(faultsOf({ PUBLISHER_SIGNING_KEY: key, PUBLISHER_SIGNING_KEY_FILE: "b" }), [
    "PUBLISHER_SIGNING_KEY, PUBLISHER_SIGNING_KEY_FILE: set one of them",
  ]);
  assert.match(faultsOf({ DB_IAM_USER: "me", DB_PASS_FILE: "b" })[0] ?? "", /^DB_IAM_USER: .*unset DB_PASS/);
  assert.deepEqual(faultsOf({ DB_IAM_USER: "rowpost@demo.iam.gserviceaccount.com" }), [
    "DB_IAM_USER: MySQL's name of a Google account is what stands before its @: leave out the rest",
  ]);
});

test("tracing is on when a receiver is named, and says what OpenTelemetry's variables say", () => {
  assert.equal(configOf({ OTEL_SERVICE_NAME: "shop" }).tracing, undefined);
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" };
  assert.deepEqual(configOf(endpoint).tracing, {
    url: "http://collector:4318/v1/traces",
    headers: {},
    serviceName: undefined,
    resource: {},
    sampling: { ratio: 1, parentBased: true },
  });
  assert.deepEqual(
    configOf({
      ...endpoint,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces/here",
      OTEL_EXPORTER_OTLP_HEADERS: "a=1%2C2, b=",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=live",
      OTEL_SERVICE_NAME: "shop",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
    }).tracing,
    {
      url: "https://traces/here",
      headers: { a: "1,2", b: "" },
      serviceName: "shop",
      resource: { "deployment.environment.name": "live" },
      sampling: { ratio: 0.25, parentBased: false },
    },
  );
  const off = { ...endpoint, OTEL_TRACES_SAMPLER: "parentbased_always_off", OTEL_TRACES_SAMPLER_ARG: "1" };
  assert.deepEqual(configOf(off).tracing?.sampling, { ratio: 0, parentBased: true });
  assert.equal(configOf({ ...endpoint, OTEL_SDK_DISABLED: "true" }).tracing, undefined);
});

test("a fault in tracing's variables is told by its variable, and no header is repeated", () => {
  for (const headers of ["hunter2", "a=%zz", "a=1,,b=2", "a b=hunter2"]) {
    assert.deepEqual(faultsOf({ OTEL_EXPORTER_OTLP_HEADERS: headers }), [
      "OTEL_EXPORTER_OTLP_HEADERS: must be name=value, several with commas between",
    ]);
  }
  assert.deepEqual(faultsOf({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), [
    "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf, the one that is spoken here, or not set",
  ]);
  assert.equal(faultsOf({ OTEL_TRACES_SAMPLER: "some", OTEL_TRACES_SAMPLER_ARG: "2" }).length, 2);
});

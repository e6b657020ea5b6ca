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

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { COMMANDS } from "../../src/cli/commands.ts";
import { readConfig, VARIABLES } from "../../src/config.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
}

const text = await readFile(join(ROOT, "compose.yaml"), "utf8");
const { services, volumes } = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const own = Object.entries(services).filter(([, { image }]) => image === "rowpost:local");

function service(name: string): Service {
  const found = services[name];
  assert.ok(found, `there is no service ${name}`);
  return found;
}

function configOf(name: string) {
  const { config, faults } = readConfig(service(name).environment ?? {});
  assert.deepEqual(faults, undefined, name);
  assert.ok(config);
  return config;
}

test("compose.yaml has a database with a volume, a broker, the migration, the topics, a worker and a sidecar", () => {
  assert.deepEqual(Object.keys(services), ["mysql", "pubsub", "migrate", "topology", "worker", "sidecar"]);
  assert.equal(own.length, 4);
  const [volume = "", folder] = service("mysql").volumes?.[0]?.split(":") ?? [];
  assert.ok(volume in volumes);
  assert.equal(folder, "/var/lib/mysql");
  for (const [name, { image }] of Object.entries(services)) assert.match(image, /:[\w.-]+$/, name);
});

test("each of its rowpost services runs a command, with variables that rowpost knows and takes", () => {
  for (const [name, { command, environment = {} }] of own) {
    assert.ok((command[0] ?? "") in COMMANDS, name);
    for (const variable of Object.keys(environment)) {
      assert.ok(variable in VARIABLES || variable === "PUBSUB_EMULATOR_HOST", `${name}: ${variable}`);
    }
    const { database } = configOf(name);
    assert.deepEqual(database.address, { kind: "tcp", host: "mysql", port: 3306, tls: undefined });
    const { MYSQL_USER, MYSQL_DATABASE, MYSQL_PASSWORD } = service("mysql").environment ?? {};
    assert.equal(database.user, MYSQL_USER);
    assert.equal(database.name, MYSQL_DATABASE);
    assert.equal(environment["DB_PASS"], MYSQL_PASSWORD);
    assert.ok(service("pubsub").command.includes("--host-port=0.0.0.0:8085"));
    assert.equal(environment["PUBSUB_EMULATOR_HOST"], "pubsub:8085");
  }
});

test("they run as in a cluster: nothing to write to, no capability, no new privilege, time to stop", () => {
  for (const [name, { build, read_only, cap_drop, security_opt, stop_grace_period = "" }] of own) {
    assert.deepEqual(
      { build, read_only, cap_drop, security_opt },
      { build: ".", read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] },
      name,
    );
    assert.ok(Number(/^(\d+)s$/.exec(stop_grace_period)?.[1]) > configOf(name).worker.graceSeconds, name);
  }
});

test("they wait on conditions, never on time, and on all that they need", () => {
  assert.doesNotMatch(text, /sleep/);
  const ready = { condition: "service_healthy" };
  const done = { condition: "service_completed_successfully" };
  assert.deepEqual(service("migrate").depends_on, { mysql: ready });
  assert.deepEqual(service("topology").depends_on, { pubsub: ready });
  // `up --wait` takes a service that ends for a failure, unless one that stays waits for its end.
  for (const name of ["worker", "sidecar"]) {
    assert.deepEqual(service(name).depends_on, { migrate: done, topology: done });
  }
  for (const name of ["mysql", "pubsub", "worker", "sidecar"]) assert.ok(service(name).healthcheck, name);
});

test("probes, the sidecar's worker and the published port are where the processes listen", () => {
  const [worker, sidecar] = [configOf("worker"), configOf("sidecar")];
  const probe = (name: string) => service(name).healthcheck?.test.at(-1);
  assert.match(probe("worker") ?? "", new RegExp(`'http://127.0.0.1:${worker.worker.port}/readyz'`));
  assert.match(probe("sidecar") ?? "", new RegExp(`'http://127.0.0.1:${sidecar.http.port}/readyz'`));
  assert.equal(sidecar.http.workerUrl, `http://worker:${worker.worker.port}`);
  assert.equal(worker.worker.host, "0.0.0.0");
  assert.equal(sidecar.http.host, "0.0.0.0");
  assert.deepEqual(service("sidecar").ports, [`127.0.0.1:8080:${sidecar.http.port}`]);
  for (const [name, { ports }] of Object.entries(services)) assert.ok(name === "sidecar" || !ports, name);
});

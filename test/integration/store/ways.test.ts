import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { after, test } from "node:test";
import { type Connection, createConnection } from "mysql2";
import { databaseOptions } from "../../../src/cli/context.ts";
import { migrateCommand } from "../../../src/cli/migrate.ts";
import { readConfig } from "../../../src/config.ts";
import { createDatabase } from "../../../src/local/create-database.ts";
import { mysqlVersion } from "../../../src/local/mysql-login.ts";
import { openMysql } from "../../../src/local/mysql-server.ts";
import type { DatabaseOptions } from "../../../src/store/database-options.ts";
import { type Connections, openConnections } from "../../../src/store/open-connection.ts";
import { checkServer } from "../../../src/store/server-identity.ts";
import { openWay } from "../../../src/store/way.ts";
import { askingServer } from "../../support/asking-server.ts";
import { certificateAuthority } from "../../support/certificate-authority.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { metadataServer } from "../../support/metadata-server.ts";
import { runCommand } from "../../support/run-command.ts";
import { GOOD, tlsMysql } from "../../support/tls-mysql.ts";

const mysql = await tlsMysql({ after });
const metadata = await metadataServer({ after });
metadata.use({ after });

expectNoLeaks();

type Environment = Readonly<Record<string, string>>;

/** What the variables lead to. */
function options(environment: Environment): DatabaseOptions {
  const { config, faults } = readConfig(environment);
  if (config === undefined) throw new Error(faults.join("; "));
  return databaseOptions(config);
}

/** Opens one connection, asks, and ends it. */
async function ask(to: Environment | Connections, sql: string): Promise<Record<string, unknown>> {
  const connections = "open" in to ? (to as Connections) : await openConnections(options(to as Environment));
  const connection = await connections.open();
  try {
    const [row] = await rows(connection, sql);
    return row ?? {};
  } finally {
    connection.destroy();
    if (connections !== to) await connections[Symbol.asyncDispose]();
  }
}

function rows(connection: Connection, sql: string): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error, found) => (error ? reject(error) : resolve(found as never)));
  });
}

/** How the session is encrypted; empty: not at all. */
async function tlsVersion(to: Environment | Connections): Promise<unknown> {
  return (await ask(to, "SHOW SESSION STATUS LIKE 'Ssl_version'"))["Value"];
}

/** The same variables for the socket. */
const SOCKET = { ...mysql.environment, INSTANCE_HOST: "", INSTANCE_UNIX_SOCKET: mysql.socket };

async function status(environment: Environment): Promise<void> {
  const { code, stdout, stderr } = await runCommand(migrateCommand, ["status"], { environment });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /pending/);
}

test("TCP: a command reaches the server by host, port, user and password", async () => {
  await status(mysql.environment);
  assert.equal(await tlsVersion(mysql.environment), "");
});

test("TCP with TLS: all is encrypted once a CA is given, for a host with its name or address in the certificate", async () => {
  await status(mysql.tlsEnvironment);
  for (const INSTANCE_HOST of ["127.0.0.1", "localhost"]) {
    const version = await tlsVersion({ ...mysql.tlsEnvironment, INSTANCE_HOST });
    assert.match(String(version), /^TLSv1\.[23]$/, INSTANCE_HOST);
  }
});

test("TCP with TLS: DB_SERVER_NAME is the name, an address, or a Cloud SQL instance that the certificate must bear", async () => {
  const cases = [
    [{ name: "x", dnsNames: ["db.example.org"] }, ["db.example.org", "DB.example.org"], ["example.org", "x"]],
    [{ name: "x", dnsNames: ["*.example.org"] }, ["db.example.org"], ["a.db.example.org", "127.0.0.1"]],
    [{ name: "x", ipAddresses: ["10.1.2.3"] }, ["10.1.2.3"], ["10.1.2.4", "127.0.0.1"]],
    [{ name: "demo:main" }, ["demo:main"], ["demo:mai", "emo:main", "demo:main.", "main", "127.0.0.1"]],
    [{ name: "example.org:demo:main" }, ["example.org:demo:main"], ["demo:main"]],
    [{ name: "x", dnsNames: ["demo:main"] }, [], ["demo:main"]],
  ] as const;
  for (const [subject, right, wrong] of cases) {
    await mysql.wear(subject);
    for (const DB_SERVER_NAME of right) {
      const version = await tlsVersion({ ...mysql.tlsEnvironment, DB_SERVER_NAME });
      assert.match(String(version), /^TLSv1\.[23]$/, DB_SERVER_NAME);
    }
    for (const DB_SERVER_NAME of wrong) {
      await assert.rejects(
        tlsVersion({ ...mysql.tlsEnvironment, DB_SERVER_NAME }),
        { code: "HANDSHAKE_SSL_ERROR", message: /^the server's certificate is not for / },
        `${DB_SERVER_NAME} and ${JSON.stringify(subject)}`,
      );
    }
  }
  await mysql.wear(GOOD);
});

test("TCP with TLS: a server of another name, or of another CA, is sent nothing but the beginning of TLS", async (t) => {
  const scope = { after: (fn: () => Promise<void>) => t.after(fn) };
  for (const [pair, message] of [
    [mysql.ca.server({ name: "demo:other" }), /is not for demo:main, but for demo:other;/],
    [certificateAuthority("other").server({ name: "demo:main" }), /is not signed by the CA in DB_ROOT_CERT/],
  ] as const) {
    const server = await askingServer(scope, pair);
    const environment = {
      ...mysql.tlsEnvironment,
      DB_PORT: String(server.port),
      DB_SERVER_NAME: "demo:main",
    };
    await assert.rejects(tlsVersion(environment), { code: "HANDSHAKE_SSL_ERROR", message });
    assert.deepEqual([server.plain.length, server.secured, server.passwords], [1, [], []]);
    assert(server.plain.every((sent) => !sent.includes(mysql.user)));
  }
});

test("TCP with TLS: when mysql2 starts TLS in a way that our check of the name has no hold on, its own refuses", async () => {
  await mysql.wear({ name: "demo:main" });
  const { address, user, password } = options({ ...mysql.tlsEnvironment, DB_SERVER_NAME: "demo:main" });
  await using way = await openWay(address);
  const connection = createConnection({ ...(await way.options()), user, password: String(password) });
  await assert.rejects(
    new Promise<void>((resolve, reject) => {
      connection.on("error", reject);
      connection.connect((error) => (error ? reject(error) : resolve()));
    }),
    { code: "HANDSHAKE_SSL_ERROR", message: /altnames|CN/ },
  );
  connection.destroy();
  assert.throws(() => checkServer({} as Connection, "demo:main"), TypeError);
  await mysql.wear(GOOD);
});

test("TCP with TLS: a new connection takes the certificates that are in the files then", async () => {
  const wrong = certificateAuthority("other");
  const DB_ROOT_CERT = await mysql.file("trusted.pem", wrong.cert);
  const mine = await mysql.client("turning");
  await mysql.query("CREATE USER 'turning'@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE SUBJECT '/CN=second'");
  const login = { DB_USER: "turning", DB_PASS: "p", DB_NAME: "information_schema" };
  await using connections = await openConnections(
    options({ ...mysql.tlsEnvironment, ...login, ...mine, DB_ROOT_CERT }),
  );
  await assert.rejects(connections.open(), /is not signed by the CA in DB_ROOT_CERT/);
  await mysql.file("trusted.pem", `${wrong.cert}${mysql.ca.cert}`);
  await assert.rejects(connections.open(), /Access denied .*DB_CERT if the account names a certificate/);
  const second = await mysql.client("second");
  await copyFile(second.DB_CERT, mine.DB_CERT);
  await copyFile(second.DB_KEY, mine.DB_KEY);
  assert.match(String(await tlsVersion(connections)), /^TLS/);
});

test("TCP with TLS: certificates that did not do are asked for where they come from", async () => {
  let ca = certificateAuthority("other").cert;
  const told: string[] = [];
  const secret = { read: async () => ca, refused: () => void told.push("refused") };
  const { address, ...rest } = options(mysql.tlsEnvironment);
  assert(address.kind === "tcp" && address.tls !== undefined);
  const tls = { ...address.tls, ca: secret };
  await using connections = await openConnections({ ...rest, address: { ...address, tls } });
  await assert.rejects(connections.open(), /is not signed by the CA/);
  assert.deepEqual(told, ["refused"]);
  ca = mysql.ca.cert;
  assert.match(String(await tlsVersion(connections)), /^TLS/);
  assert.deepEqual(told, ["refused"]);
});

test("TCP with TLS and a client certificate: an account that demands one lets us in, and nobody without it", async () => {
  await mysql.query("CREATE USER 'certified'@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE X509");
  await mysql.query(`GRANT ALL ON ${mysql.name}.* TO 'certified'@'127.0.0.1'`);
  const environment = { ...mysql.tlsEnvironment, DB_USER: "certified", DB_PASS: "p" };
  await assert.rejects(tlsVersion(environment), { errno: 1045 });
  await status({ ...environment, ...(await mysql.client("me")) });
});

test("TCP with TLS and IAM: each new connection logs in with the token of the moment", async () => {
  // So short that the library gets a new one each time.
  metadata.lifetime(60);
  const setToken = async (sql: string) =>
    mysql.query(`${sql} 'iam'@'127.0.0.1' IDENTIFIED BY '${metadata.token()}'`);
  await setToken("CREATE USER");
  await mysql.query(`GRANT ALL ON ${mysql.name}.* TO 'iam'@'127.0.0.1'`);
  const { DB_PASS: _, ...rest } = mysql.tlsEnvironment as Record<string, string>;
  const environment = { ...rest, DB_IAM_USER: "iam" };
  await status(environment);
  await using connections = await openConnections(options(environment));
  const first = await connections.open();
  for (let turn = 0; turn < 3; turn += 1) {
    metadata.renew();
    await setToken("ALTER USER");
    assert.deepEqual(await ask(connections, "SELECT 1 AS one"), { one: 1 });
  }
  assert.deepEqual(await rows(first, "SELECT 1 AS one"), [{ one: 1 }], "what is open stays open");
  first.destroy();
});

test("TCP with TLS and IAM: the token is handed over as it is to a server that asks so, and a password is not", async (t) => {
  const server = await askingServer({ after: (fn) => t.after(fn) }, mysql.ca.server(GOOD));
  const { DB_PASS, ...rest } = { DB_PASS: "", ...mysql.tlsEnvironment, DB_PORT: String(server.port) };
  await using connections = await openConnections(options({ ...rest, DB_IAM_USER: "iam" }));
  (await connections.open()).destroy();
  assert.deepEqual(server.passwords, [metadata.token()]);
  assert(server.plain.every((sent) => !sent.includes(metadata.token())));
  await assert.rejects(tlsVersion({ ...rest, DB_PASS }), { code: "MYSQL_CLEAR_PASSWORD_NOT_ENABLED" });
  assert.equal(server.passwords.length, 1);
});

test("without TLS no password is handed over as it is, also not for IAM", async (t) => {
  const server = await askingServer({ after: (fn) => t.after(fn) });
  const { DB_PASS, ...rest } = { DB_PASS: "", ...mysql.environment, DB_PORT: String(server.port) };
  for (const login of [{ DB_PASS }, { DB_IAM_USER: "iam" }]) {
    await assert.rejects(tlsVersion({ ...rest, ...login }), { code: "MYSQL_CLEAR_PASSWORD_NOT_ENABLED" });
  }
  assert.deepEqual(server.passwords, []);
});

test("Unix socket: a command reaches the server by the socket's path", async () => {
  await status(SOCKET);
  const { found } = await ask(SOCKET, "SELECT USER() AS found");
  assert.equal(found, `${mysql.user}@localhost`);
});

test("Cloud SQL Auth Proxy: an IAM user logs in at its socket, or its port on this machine, with no password", async () => {
  for (const host of ["localhost", "127.0.0.1"]) {
    await mysql.query(`CREATE USER 'proxied'@'${host}'`);
    await mysql.query(`GRANT ALL ON ${mysql.name}.* TO 'proxied'@'${host}'`);
  }
  const asked = metadata.issued.length;
  for (const { DB_PASS: _, ...rest } of [SOCKET, mysql.environment] as Record<string, string>[]) {
    await status({ ...rest, DB_IAM_USER: "proxied" });
  }
  assert.equal(metadata.issued.length, asked, "the proxy gets its own token");
});

test("INSTANCE_HOST goes before INSTANCE_UNIX_SOCKET, and that before INSTANCE_CONNECTION_NAME", async () => {
  const instance = { INSTANCE_CONNECTION_NAME: "demo:nowhere:main" };
  const nowhere = { INSTANCE_UNIX_SOCKET: "/nowhere", ...instance };
  const at = async (environment: Environment) => (await ask(environment, "SELECT USER() AS found"))["found"];
  assert.equal(await at({ ...mysql.environment, ...nowhere }), `${mysql.user}@127.0.0.1`);
  assert.equal(await at({ ...SOCKET, ...instance }), `${mysql.user}@localhost`);
  assert.equal(options({ ...mysql.environment, INSTANCE_HOST: "", ...instance }).address.kind, "cloud-sql");
});

test("a configured server with TLS, or at a socket, does for `npm start`", async () => {
  for (const environment of [mysql.tlsEnvironment, SOCKET]) {
    const { address, user, password } = options(environment);
    await using opened = await openMysql({ configured: { address, user, password }, folder: "/nowhere" });
    assert.equal(opened.server, undefined);
    assert.match(await mysqlVersion(opened.login), /^\d+\.\d+/);
    const name = `${mysql.name}_${address.kind}`;
    await createDatabase(opened.login, name);
    const [found] = await mysql.query(`SHOW DATABASES LIKE '${name}'`);
    assert(found !== undefined);
  }
});

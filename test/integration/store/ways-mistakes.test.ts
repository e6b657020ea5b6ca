import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { databaseOptions } from "../../../src/cli/context.ts";
import { migrateCommand } from "../../../src/cli/migrate.ts";
import { readConfig } from "../../../src/config.ts";
import { freePort } from "../../../src/local/free-port.ts";
import { runStatement } from "../../../src/local/mysql-login.ts";
import { openConnections } from "../../../src/store/open-connection.ts";
import { classify, databaseError } from "../../../src/store/trouble.ts";
import { askingServer } from "../../support/asking-server.ts";
import { certificateAuthority } from "../../support/certificate-authority.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { metadataServer } from "../../support/metadata-server.ts";
import { healthOf, startRowpost } from "../../support/process.ts";
import { rig } from "../../support/rig.ts";
import { runCommand } from "../../support/run-command.ts";
import { assertSays } from "../../support/says.ts";
import { broker, privateMysql, type Scope } from "../../support/servers.ts";
import { GOOD, tlsMysql } from "../../support/tls-mysql.ts";
import { until } from "../../support/until.ts";

const whole = { after };
const mysql = await tlsMysql(whole);
const pubsub = await broker(whole);
const folder = dirname(mysql.socket);
(await metadataServer(whole)).use(whole);

expectNoLeaks();

type Environment = Readonly<Record<string, string>>;

const TLS = mysql.tlsEnvironment;
const SOCKET = { ...mysql.environment, INSTANCE_HOST: "", INSTANCE_UNIX_SOCKET: mysql.socket };

/** Runs a statement at the socket, where the account stays as it is. */
async function atSocket(sql: string): Promise<void> {
  const { user, password } = mysql;
  await runStatement({ address: { kind: "socket", path: mysql.socket }, user, password }, sql);
}

interface Mistake {
  /** What was done wrong. */
  readonly title: string;
  /** What the command and the worker say to it; `…` stands for anything. */
  readonly says: string;
  /** Makes the mistake: the variables that a process then has. */
  make(scope: Scope): Environment | Promise<Environment>;
}

const MISTAKES: readonly Mistake[] = [
  {
    title: "a port at which nobody listens",
    says: "nobody listens on 127.0.0.1:…",
    make: async () => ({ ...mysql.environment, DB_PORT: String(await freePort()) }),
  },
  {
    title: "a host that is not there",
    says: "there is no host of the name in no..such.host:…",
    make: () => ({ ...mysql.environment, INSTANCE_HOST: "no..such.host" }),
  },
  {
    title: "a host that says nothing",
    says: "127.0.0.1:… did not answer in time; is the address right, and no firewall in between?",
    make: async (scope) => ({
      ...mysql.environment,
      DB_PORT: String(await listening(scope, () => {})),
      DB_CONNECT_TIMEOUT_MS: "300",
    }),
  },
  {
    title: "a proxy that cannot reach its database",
    says: "127.0.0.1:… ended the connection before the login was done; a proxy does so when it cannot reach its database",
    make: async (scope) => ({
      ...mysql.environment,
      DB_PORT: String(await listening(scope, (socket) => socket.end())),
    }),
  },
  {
    title: "a wrong password",
    says: "Access denied for user 'rowpost'@'127.0.0.1' (using password: YES); check DB_USER and the password; an account that demands TLS needs DB_ROOT_CERT",
    make: () => ({ ...mysql.environment, DB_PASS: "wrong" }),
  },
  {
    title: "a wrong password over TLS",
    says: "Access denied for user 'rowpost'@'127.0.0.1' (using password: YES); check DB_USER and the password; an account that demands a client certificate needs DB_CERT and DB_KEY",
    make: () => ({ ...TLS, DB_PASS: "wrong" }),
  },
  {
    title: "a wrong password at the socket",
    says: "Access denied for user 'rowpost'@'localhost' (using password: YES); check DB_USER and the password",
    make: () => ({ ...SOCKET, DB_PASS: "wrong" }),
  },
  {
    title: "a database that is not there",
    says: "Unknown database 'nothing'; check DB_NAME, or create the database",
    make: () => ({ ...mysql.environment, DB_NAME: "nothing" }),
  },
  {
    title: "a database that the user may not use",
    says: "Access denied for user 'poor'@'…' to database '…'; check DB_NAME, or grant it to the user",
    async make() {
      await mysql.query("CREATE USER 'poor'@'127.0.0.1' IDENTIFIED BY 'p'");
      return { ...mysql.environment, DB_USER: "poor", DB_PASS: "p" };
    },
  },
  {
    title: "a user who may only come from elsewhere",
    says: "Access denied for user 'guest'@'127.0.0.1' (using password: YES); check DB_USER",
    async make() {
      await mysql.query("CREATE USER 'guest'@'10.9.9.9' IDENTIFIED BY 'p'");
      return { ...mysql.environment, DB_USER: "guest", DB_PASS: "p" };
    },
  },
  {
    title: "an account that demands TLS, without it",
    says: "Access denied for user 'private'@'127.0.0.1' (using password: YES); check DB_USER and the password; an account that demands TLS needs DB_ROOT_CERT",
    async make() {
      await mysql.query("CREATE USER 'private'@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE SSL");
      return { ...mysql.environment, DB_USER: "private", DB_PASS: "p" };
    },
  },
  {
    title: "an account that demands a client certificate, without one",
    says: "Access denied for user 'certified'@'127.0.0.1' (using password: YES); check DB_USER and the password; an account that demands a client certificate needs DB_CERT and DB_KEY",
    async make() {
      await mysql.query("CREATE USER 'certified'@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE X509");
      return { ...TLS, DB_USER: "certified", DB_PASS: "p" };
    },
  },
  {
    title: "an IAM user that the server does not know",
    says: "Access denied for user 'nobody'@'127.0.0.1' (using password: YES); check DB_IAM_USER, and that its principal may log in to the instance (roles/cloudsql.instanceUser)",
    make: () => ({ ...TLS, DB_PASS: "", DB_IAM_USER: "nobody" }),
  },
  {
    title: "the file of another CA",
    says: "the server's certificate is not signed by the CA in DB_ROOT_CERT",
    make: async () => ({
      ...TLS,
      DB_ROOT_CERT: await mysql.file("other-ca.pem", certificateAuthority("other").cert),
    }),
  },
  {
    title: "a host that the server's certificate does not name",
    says: "the server's certificate is not for 127.0.0.1, but for db.example.org; if that is the right server, set DB_SERVER_NAME to the name that its certificate bears",
    async make(scope) {
      await mysql.wear({ name: "x", dnsNames: ["db.example.org"] });
      scope.after(() => mysql.wear(GOOD));
      return TLS;
    },
  },
  {
    title: "a Cloud SQL instance by its address, without DB_SERVER_NAME",
    says: "the server's certificate is not for 127.0.0.1, but for demo:main; if that is the right server, set DB_SERVER_NAME to the name that its certificate bears",
    async make(scope) {
      await mysql.wear({ name: "demo:main" });
      scope.after(() => mysql.wear(GOOD));
      return TLS;
    },
  },
  {
    title: "a certificate that has expired",
    says: "the server's certificate has expired, or that of its CA has",
    async make(scope) {
      const old = mysql.ca.server({ ...GOOD, notAfter: new Date(Date.now() - 5_000) });
      return { ...TLS, DB_PORT: String((await askingServer(scope, old)).port) };
    },
  },
  {
    title: "a server whose TLS is too old",
    says: "the server speaks no TLS of version 1.2 or later",
    async make(scope) {
      const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
      const server = await askingServer(scope, { ...mysql.ca.server(GOOD), ...old });
      return { ...TLS, DB_PORT: String(server.port) };
    },
  },
  ...(["TLSv1.2", "TLSv1.3"] as const).map((maxVersion) => ({
    title: `a server that demands a client certificate in the handshake of ${maxVersion}`,
    says: "the server wants a client certificate, or another one: set DB_CERT and DB_KEY",
    async make(scope: Scope) {
      const wanting = { ca: mysql.ca.cert, requestCert: true, rejectUnauthorized: true, maxVersion };
      const server = await askingServer(scope, { ...mysql.ca.server(GOOD), ...wanting });
      return { ...TLS, DB_PORT: String(server.port) };
    },
  })),
  {
    title: "a server without TLS",
    says: "127.0.0.1:… offers no TLS, which DB_ROOT_CERT asks for",
    async make(scope) {
      const off = mysql.flavor === "mysql" ? "--tls-version=" : "--skip-ssl";
      const { environment } = await privateMysql(scope, [off]);
      return { ...TLS, ...environment };
    },
  },
  {
    title: "a client certificate of another CA",
    says: "the server does not take the client certificate in DB_CERT: a CA has signed it that the server does not trust",
    make: async () => ({ ...TLS, ...(await mysql.client("stranger", certificateAuthority("other"))) }),
  },
  {
    title: "a server that demands TLS",
    // MariaDB says the same as to a wrong password.
    says:
      mysql.flavor === "mysql"
        ? "Connections using insecure transport are prohibited while --require_secure_transport=ON.; set DB_ROOT_CERT, the server's CA, to use TLS"
        : "Access denied for user 'rowpost'@'127.0.0.1' (using password: YES); check DB_USER and the password; an account that demands TLS needs DB_ROOT_CERT",
    async make(scope) {
      await atSocket("SET GLOBAL require_secure_transport = ON");
      scope.after(() => atSocket("SET GLOBAL require_secure_transport = OFF"));
      return mysql.environment;
    },
  },
  {
    title: "a server that lets nobody in from here",
    says: "Host '127.0.0.1' is not allowed to connect to this …; no account of the server may come from this machine's address",
    async make(scope) {
      const move = async (from: string, to: string) => {
        for (const user of ["rowpost", "poor", "private", "certified"])
          await atSocket(`RENAME USER '${user}'@'${from}' TO '${user}'@'${to}'`);
      };
      await move("127.0.0.1", "10.8.8.8");
      scope.after(() => move("10.8.8.8", "127.0.0.1"));
      return mysql.environment;
    },
  },
  {
    title: "a CA file that is not there",
    says: "DB_ROOT_CERT: the file … is not there",
    make: () => ({ ...TLS, DB_ROOT_CERT: join(folder, "missing.pem") }),
  },
  {
    title: "a CA file that holds none",
    says: 'DB_ROOT_CERT holds no certificate in PEM format ("-----BEGIN CERTIFICATE-----")',
    make: async () => ({ ...TLS, DB_ROOT_CERT: await mysql.file("text.pem", "hello\n") }),
  },
  {
    title: "a CA file that is damaged",
    says: "DB_ROOT_CERT holds a certificate that cannot be read",
    make: async () => {
      const damaged = mysql.ca.cert.replace(/\n.{20}/, "\nAAAA");
      return { ...TLS, DB_ROOT_CERT: await mysql.file("damaged.pem", damaged) };
    },
  },
  {
    title: "the key of another certificate",
    says: "DB_KEY is not the key of the certificate in DB_CERT",
    async make() {
      const [one, other] = [await mysql.client("one"), await mysql.client("other")];
      return { ...TLS, ...one, DB_KEY: other.DB_KEY };
    },
  },
  {
    title: "a key that is none",
    says: "DB_KEY holds no private key in PEM format",
    async make() {
      const one = await mysql.client("keyless");
      return { ...TLS, ...one, DB_KEY: one.DB_CERT };
    },
  },
  {
    title: "a server that asks for the password as it is, without TLS",
    says: "127.0.0.1:… asks for the password as it is; only the token of DB_IAM_USER is sent so, and only over TLS (DB_ROOT_CERT)",
    make: async (scope) => ({ ...mysql.environment, DB_PORT: String((await askingServer(scope)).port) }),
  },
  {
    title: "a socket that is not there",
    says: "cannot use the socket …/none: there is no such file; the server, or the Cloud SQL Auth Proxy, makes it when it starts",
    make: () => ({ ...SOCKET, INSTANCE_UNIX_SOCKET: join(folder, "none") }),
  },
  {
    title: "a socket that is another file",
    says: "cannot use the socket …/not-a-socket: it is not a socket",
    async make() {
      const path = join(folder, "not-a-socket");
      await writeFile(path, "");
      return { ...SOCKET, INSTANCE_UNIX_SOCKET: path };
    },
  },
  {
    title: "a socket whose path is too long",
    says: "cannot use the socket …: its path has … bytes, and a socket's at most 107",
    make: () => ({ ...SOCKET, INSTANCE_UNIX_SOCKET: `/tmp/${"x".repeat(103)}` }),
  },
  {
    title: "a socket that its server has left behind",
    says: "nobody listens on …/left",
    async make() {
      const [made, left] = [join(folder, "made"), join(folder, "left")];
      const server = createServer().listen(made);
      await once(server, "listening");
      await rename(made, left);
      await new Promise((resolve) => server.close(resolve));
      return { ...SOCKET, INSTANCE_UNIX_SOCKET: left };
    },
  },
];

/** A server that does what it is told with each connection. */
async function listening(scope: Scope, serve: (socket: { end(): void }) => void): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as { readonly port: number }).port;
}

/** What `rowpost migrate status` says on its one line. */
async function commandSays(environment: Environment): Promise<string> {
  const { code, stdout, stderr } = await runCommand(migrateCommand, ["status"], { environment });
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^rowpost: cannot open the database \S+ at .+\n$/);
  return stderr;
}

/** What a worker is not ready for, as `/readyz` gives it. */
async function workerSays(scope: Scope, environment: Environment): Promise<string> {
  const { worker } = await rig(scope, environment, { database: mysql, broker: pubsub });
  const { told } = worker();
  await told.until("a reason", () => told.reasons.some((reason) => reason !== undefined));
  return String(told.reasons.find((reason) => reason !== undefined));
}

/** Why there is no connection. */
async function failure(environment: Environment): Promise<Error> {
  const { config } = readConfig(environment);
  assert(config !== undefined);
  await using connections = await openConnections(databaseOptions(config));
  return connections.open().then(
    () => assert.fail("it must not connect"),
    (reason: unknown) => reason as Error,
  );
}

for (const { title, says, make } of MISTAKES) {
  test(`a mistake is told in one line, and pauses a worker: ${title}`, async (t) => {
    const scope = { after: (fn: () => Promise<void>) => t.after(fn) };
    const environment = await make(scope);
    assertSays(await commandSays(environment), says);
    assertSays(await workerSays(scope, environment), says);
    const error = await failure(environment);
    assert.equal(classify(error), "environment");
    assertSays(databaseError(error).message, says);
    assert(error.cause !== undefined, "what the driver said is kept");
  });
}

test("a file or socket that our user may not use is told as that", async (t) => {
  const open = await mkdtemp(join(tmpdir(), "rowpost-open-"));
  t.after(() => rm(open, { recursive: true }));
  await chmod(open, 0o755);
  const socket = join(open, "s");
  const server = createServer().listen(socket);
  await once(server, "listening");
  t.after(() => new Promise((resolve) => server.close(resolve)));
  await chmod(socket, 0o000);
  const pem = join(open, "ca.pem");
  await writeFile(pem, mysql.ca.cert, { mode: 0o000 });
  const shut = join(open, "shut");
  await mkdir(shut, { mode: 0o000 });
  const cases: readonly (readonly [Environment, string])[] = [
    [{ ...SOCKET, INSTANCE_UNIX_SOCKET: socket }, "this user may not use the socket …/s"],
    [
      { ...SOCKET, INSTANCE_UNIX_SOCKET: join(shut, "s") },
      "cannot use the socket …: this user may not look into its folder",
    ],
    [{ ...TLS, DB_ROOT_CERT: pem }, "DB_ROOT_CERT: the file … may not be read by this user"],
  ];
  for (const [environment, says] of cases) {
    const error = await asNobody(() => failure(environment));
    assertSays(error.message, says);
    assert.equal(classify(error), "environment");
  }
});

/** Root may use everything: so as somebody else. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

test("a worker process that cannot connect is alive, and says at /readyz why it is not ready", async (t) => {
  const scope = { after: (fn: () => Promise<void>) => t.after(fn) };
  const DB_ROOT_CERT = await mysql.file("stranger-ca.pem", certificateAuthority("other").cert);
  const worker = await startRowpost(scope, ["worker"], {
    ...TLS,
    ...pubsub.environment,
    DB_ROOT_CERT,
    WORKER_PORT: "0",
  });
  const health = await healthOf(worker);
  const body = await until("its reason", async () => {
    const answer = await health.get("/readyz");
    return answer.status === 503 && answer.body.includes('"database"') && answer.body;
  });
  assertSays(body, "the server's certificate is not signed by the CA in DB_ROOT_CERT (HANDSHAKE_SSL_ERROR)");
  assert.equal((await health.get("/livez")).status, 200);
});

test("variables that do not go together are refused before anything connects", async () => {
  const { DB_ROOT_CERT: _, ...plain } = { DB_ROOT_CERT: "", ...TLS };
  const remote = { ...plain, INSTANCE_HOST: "10.0.0.9", DB_PASS: "" };
  const cases: readonly (readonly [Environment, string])[] = [
    [
      { ...remote, DB_IAM_USER: "me" },
      "DB_IAM_USER: needs DB_ROOT_CERT for TCP, else its token would travel unencrypted",
    ],
    [{ ...plain, DB_CERT: "/c", DB_KEY: "/k" }, "DB_CERT: needs DB_ROOT_CERT, the server's CA"],
    [{ ...TLS, DB_CERT: "/c" }, "DB_CERT, DB_KEY: set both or neither"],
    [{ ...plain, DB_SERVER_NAME: "demo:main" }, "DB_SERVER_NAME: needs DB_ROOT_CERT, the server's CA"],
  ];
  for (const [environment, says] of cases) {
    const { code, stderr } = await runCommand(migrateCommand, ["status"], { environment });
    assert.deepEqual([code, stderr], [2, `rowpost: ${says}\n`]);
  }
});

test("a mistake is told in one line: nothing is configured", async () => {
  const says =
    "rowpost: no database is configured: set INSTANCE_HOST (TCP, with DB_PORT), INSTANCE_UNIX_SOCKET (a socket's path) or " +
    "INSTANCE_CONNECTION_NAME (Cloud SQL, project:region:instance); `npm start` brings up a whole local stack instead";
  const { code, stderr } = await runCommand(migrateCommand, ["status"], {
    environment: { INSTANCE_HOST: "" },
  });
  assert.deepEqual([code, stderr], [2, `${says}\n`]);
});

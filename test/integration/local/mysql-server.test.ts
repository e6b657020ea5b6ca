import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { mysqlVersion } from "../../../src/local/mysql-login.ts";
import { type LocalMysql, openMysql } from "../../../src/local/mysql-server.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { findLegProgram, flavorOfLeg, isAlive, legProgram, testFolder } from "../../support/leg.ts";
import { database, privateMysql } from "../../support/servers.ts";

expectNoLeaks();

const program = await legProgram(await flavorOfLeg(), console.error);

test("a database of one's own is empty and speaks utf8mb4", async (t) => {
  const { query } = await database(t);
  assert.deepEqual(await query("SHOW TABLES"), []);
  const [row] = await query("SELECT '🦆' AS duck, 18446744073709551615 AS big");
  assert.deepEqual({ ...row }, { duck: "🦆", big: "18446744073709551615" });
});

test("a server makes its own data when there is none", async () => {
  const folder = await testFolder();
  const own = await findLegProgram(program.flavor, console.error);
  await using mysql = await openMysql({ program: own, folder, temporary: true, durable: false });
  assert.ok((await mysqlVersion(mysql.login)).startsWith(program.version));
});

test("a private instance answers on its port and leaves no process, port or file", async () => {
  const folder = await testFolder();
  const mysql = await openMysql({ program, folder, temporary: true, durable: false });
  assert.equal(mysql.origin, `${program.name} of this machine, on port ${portOf(mysql)}`);
  assert.ok((await mysqlVersion(mysql.login)).startsWith(program.version));
  const pid = mysql.server?.pid;
  assert.ok(pid !== undefined && isAlive(pid));
  await mysql[Symbol.asyncDispose]();
  await mysql[Symbol.asyncDispose]();
  assert.equal(isAlive(pid), false);
  assert.equal(existsSync(folder), false);
  await assert.rejects(mysqlVersion(mysql.login), { code: "ECONNREFUSED" });
});

test("its temporary tables lie where no other server takes them for leftovers and removes them", async (t) => {
  const { query } = await privateMysql(t);
  const [row] = await query("SELECT @@tmpdir AS temporary, @@datadir AS data");
  assert.equal(row?.["temporary"], join(String(row?.["data"]), "../tmp"));
});

test("nobody logs in without the password, which only its owner can read", async () => {
  const folder = await testFolder();
  await using mysql = await openMysql({ program, folder, temporary: true, durable: false });
  for (const user of ["rowpost", "root", ""]) {
    const login = { ...mysql.login, user, password: "" };
    await assert.rejects(mysqlVersion(login), /Access denied|is not allowed/, user);
    const atSocket = { ...login, address: { kind: "socket", path: join(folder, "s") } } as const;
    await assert.rejects(mysqlVersion(atSocket), /Access denied/, user);
  }
  for (const name of ["password", "accounts.sql"]) {
    assert.equal((await stat(join(folder, name))).mode & 0o077, 0, name);
  }
});

test("a stopped server comes back on its port with its data, and a killed one as well", async (t) => {
  const { query, server, port } = await privateMysql(t);
  await query("CREATE TABLE kept (id INT PRIMARY KEY)");
  for (const [id, end] of [server.stop.bind(server), server.kill.bind(server)].entries()) {
    await query(`INSERT INTO kept VALUES (${id})`);
    await end();
    assert.equal(server.pid, undefined);
    await assert.rejects(query("SELECT 1"), { code: "ECONNREFUSED" });
    assert.equal(await isOpen(port), false);
    await server.start();
  }
  const rows = await query("SELECT id FROM kept ORDER BY id");
  assert.deepEqual(
    rows.map(({ id }) => Number(id)),
    [0, 1],
  );
});

test("an instance that is kept has its data and password when it is opened again; one run at a time uses it", async () => {
  const folder = await testFolder();
  try {
    const first = await openMysql({ program, folder, durable: false });
    const inUse = openMysql({ program, folder, durable: false });
    await assert.rejects(inUse, /is in use by process \d+: stop that one first/);
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(folder), [`${program.flavor}-${program.version}`]);
    await using second = await openMysql({ program, folder, durable: false });
    assert.equal(second.login.password, first.login.password);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a server that ends at its start is an error with its own last words", async () => {
  const folder = await testFolder();
  const broken = { ...program, command: [...program.command, "--innodb-page-size=3"] };
  const opening = openMysql({ program: broken, folder, temporary: true });
  await assert.rejects(
    opening,
    /ended at its start \(exit code \d+\); the end of .*server\.log:\n[^]*innodb/i,
  );
  assert.equal(existsSync(folder), false);
});

test("a data folder that can't be made is an error with the reason", async () => {
  const folder = await testFolder();
  const broken = { ...program, initialize: ["sh", "-c", "echo no room; exit 1"] };
  const opening = openMysql({ program: broken, folder, temporary: true });
  await assert.rejects(opening, /could not make its data in .*:\nno room/);
  await rm(folder, { recursive: true });
});

test("durable is the server's own way of committing; a test's server gives it up for speed", async () => {
  for (const [durable, value] of [
    [true, "1"],
    [false, "2"],
  ] as const) {
    const folder = await testFolder();
    await using mysql = await openMysql({ program, folder, temporary: true, durable });
    assert.equal(await variable(mysql, "innodb_flush_log_at_trx_commit"), value);
  }
});

test("a folder whose path is too long for a socket does as well", async () => {
  const folder = join(await testFolder(), "x".repeat(100));
  await using mysql = await openMysql({ program, folder, temporary: true, durable: false });
  const socket = await variable(mysql, "socket");
  assert.ok(socket.length < 100, socket);
  await mysql[Symbol.asyncDispose]();
  assert.equal(existsSync(join(socket, "..")), false);
});

async function variable({ ownLogin: login }: LocalMysql, name: string): Promise<string> {
  const { createConnection } = await import("mysql2/promise");
  assert(login);
  const { host, port } = login.address;
  const connection = await createConnection({ host, port, user: login.user, password: login.password });
  const [rows] = await connection.query({ sql: `SELECT @@${name}`, rowsAsArray: true });
  await connection.end();
  return String((rows as unknown[][])[0]?.[0]);
}

function portOf({ login }: LocalMysql): number {
  assert(login.address.kind === "tcp");
  return login.address.port;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
  });
}

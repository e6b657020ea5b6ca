import assert from "node:assert/strict";
import { test } from "node:test";
import { connectFault, preparationFault } from "../../../src/store/connect-fault.ts";
import type { DatabaseAddress } from "../../../src/store/database-options.ts";
import { classify, databaseError, isUnreachable } from "../../../src/store/trouble.ts";

const TCP = { kind: "tcp", host: "10.0.0.9", port: 3306, tls: undefined } as const;
const SOCKET = { kind: "socket", path: "/run/mysqld/mysqld.sock" } as const;
const CLOUD_SQL = {
  kind: "cloud-sql",
  instance: "demo:europe-west1:main",
  network: "public",
  iam: true,
  adminEndpoint: undefined,
} as const;

const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code, errno: -111 });
const server = (errno: number, sqlMessage: string) =>
  Object.assign(new Error("longer"), { errno, code: `ER_${errno}`, sqlMessage });

test("whatever keeps a connection from being opened is the environment's, with code and errno as they were", () => {
  const faults = [
    ...["ECONNRESET", "EPIPE", "PROTOCOL_CONNECTION_LOST", "ETIMEDOUT", "ECONNREFUSED", "NEW"].map(system),
    ...[1040, 1045, 1049, 1129, 1130, 3159, 9_999].map((errno) => server(errno, "no")),
    new Error("nothing known"),
  ];
  for (const cause of faults) {
    const fault = connectFault(cause, TCP);
    assert.equal(classify(fault), "environment", String(cause));
    assert.equal(classify(new Error("wrapped", { cause: fault })), "environment");
    assert.equal(fault.cause, cause);
    const { errno, code } = databaseError(cause);
    assert.deepEqual(
      [databaseError(fault).errno, databaseError(fault).code],
      [errno, code ?? "NO_CONNECTION"],
    );
    assert.equal(isUnreachable(databaseError(fault)), isUnreachable(databaseError(cause)));
  }
});

test("where nobody is, and what else it may be, is said for each way", () => {
  const cases: readonly (readonly [Error, DatabaseAddress, string])[] = [
    [system("ECONNREFUSED"), TCP, "nobody listens on 10.0.0.9:3306"],
    [system("ECONNREFUSED"), { ...TCP, host: "fd00::9" }, "nobody listens on [fd00::9]:3306"],
    [system("ECONNREFUSED"), SOCKET, "nobody listens on /run/mysqld/mysqld.sock"],
    [system("EHOSTUNREACH"), TCP, "there is no way from this machine to 10.0.0.9:3306"],
    [
      system("EAI_AGAIN"),
      TCP,
      "the name in 10.0.0.9:3306 cannot be looked up at the moment: the name server does not answer",
    ],
    [
      system("ETIMEDOUT"),
      TCP,
      "10.0.0.9:3306 did not answer in time; is the address right, and no firewall in between?",
    ],
    [system("EACCES"), SOCKET, "this user may not use the socket /run/mysqld/mysqld.sock"],
    [system("EACCES"), TCP, "connect EACCES"],
    [server(1045, "Access denied"), SOCKET, "Access denied; check DB_USER and the password"],
    [
      server(1045, "Access denied"),
      CLOUD_SQL,
      "Access denied; check DB_IAM_USER, and that its principal may log in to the instance (roles/cloudsql.instanceUser)",
    ],
    [server(1040, "Too many connections"), TCP, "Too many connections"],
  ];
  for (const [cause, address, text] of cases) assert.equal(connectFault(cause, address).message, text);
});

test("what could not be prepared says so itself, and is never taken for the server's absence", () => {
  const missing = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
  const fault = preparationFault(new Error("DB_PASS_FILE: it is not there", { cause: missing }));
  assert.deepEqual(
    [fault.message, databaseError(fault).message, databaseError(fault).code, classify(fault)],
    ["DB_PASS_FILE: it is not there", "DB_PASS_FILE: it is not there", "NO_CONNECTION", "environment"],
  );
  assert.equal(isUnreachable(databaseError(fault)), false);
});

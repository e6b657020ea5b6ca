import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import test from "node:test";
import type { Machine } from "../../../src/local/machine.ts";
import { openMysql } from "../../../src/local/mysql-server.ts";
import { openEmulator } from "../../../src/local/pubsub-emulator.ts";

/** A machine with nothing on it, except for what a test adds; keeps the questions that it was asked. */
function bareMachine(has: Partial<Machine> = {}): { machine: Machine; asked: string[] } {
  const asked: string[] = [];
  const nothing: Machine = {
    findMysqlProgram: async () => undefined,
    findEmulatorJar: async () => undefined,
    hasJava: async () => false,
    dockerAnswers: async () => false,
    openBroker: async (port) => ({ host: `built-in:${port}`, close: async () => {} }),
    mayInstall: async () => false,
    install: async () => {},
    ...has,
  };
  const machine = new Proxy(nothing, {
    get(target, name: keyof Machine) {
      asked.push(name);
      return target[name];
    },
  });
  return { machine, asked };
}

const folder = tmpdir();

test("a configured MySQL is taken as it is, and the machine is not asked", async () => {
  const { machine, asked } = bareMachine();
  const address = { kind: "tcp", host: "db.example", port: 3307, tls: undefined } as const;
  const configured = { address, user: "u", password: "p" };
  await using mysql = await openMysql({ configured, folder }, machine);
  assert.deepEqual(mysql.login, configured);
  assert.equal(mysql.origin, "the configured MySQL at db.example:3307");
  assert.equal(mysql.server, undefined);
  assert.deepEqual(asked, []);
});

test("without any way to a MySQL the error lists the ways, after all were tried in their order", async () => {
  const { machine, asked } = bareMachine();
  await assert.rejects(openMysql({ folder }, machine), (error: Error) => {
    for (const way of ["INSTANCE_HOST", "mysqld or mariadbd", "Docker", "apt-get"]) {
      assert.ok(error.message.includes(way), way);
    }
    return true;
  });
  assert.deepEqual(asked, ["findMysqlProgram", "dockerAnswers", "mayInstall"]);
});

test("a MySQL is installed only by root on Debian or Ubuntu, and looked for again afterwards", async () => {
  const installed: (readonly string[])[] = [];
  const { machine, asked } = bareMachine({
    mayInstall: async () => true,
    install: async (packages) => void installed.push(packages),
  });
  await assert.rejects(openMysql({ folder }, machine), /No MySQL to run on/);
  assert.deepEqual(asked, ["findMysqlProgram", "dockerAnswers", "mayInstall", "install", "findMysqlProgram"]);
  assert.deepEqual(installed, [["default-mysql-server-core", "default-mysql-client-core"]]);
});

test("a configured emulator is taken as it is, and the machine is not asked", async () => {
  const { machine, asked } = bareMachine();
  await using emulator = await openEmulator({ configured: "pubsub:8085", folder }, machine);
  assert.equal(emulator.host, "pubsub:8085");
  assert.deepEqual(asked, []);
});

test("without an emulator and without Docker the built-in broker is opened, last of all", async () => {
  const { machine, asked } = bareMachine();
  await using emulator = await openEmulator({ folder }, machine);
  assert.match(emulator.host, /^built-in:\d+$/);
  assert.match(emulator.origin, /^the built-in broker, on port \d+$/);
  assert.equal(emulator.server, undefined);
  assert.deepEqual(asked, ["findEmulatorJar", "dockerAnswers", "openBroker"]);
});

test("an emulator without Java gets Java where packages may be installed", async () => {
  const installed: (readonly string[])[] = [];
  const { machine } = bareMachine({
    findEmulatorJar: async () => "/nowhere/emulator.jar",
    mayInstall: async () => true,
    install: async (packages) => void installed.push(packages),
  });
  await using _broker = await openEmulator({ folder }, machine);
  assert.deepEqual(installed, [["default-jre-headless"]]);
});

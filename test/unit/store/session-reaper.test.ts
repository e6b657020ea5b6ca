import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connections } from "../../../src/store/open-connection.ts";
import { SessionReaper } from "../../../src/store/session-reaper.ts";
import { until } from "../../support/until.ts";

type Opened = Awaited<ReturnType<Connections["open"]>>;
const session = (id: number) => ({ id, host: "127.0.0.1:1" });

/** A server whose connections the test makes, and what was killed there. */
function server() {
  const opening: PromiseWithResolvers<Opened>[] = [];
  const killed: number[] = [];
  const connection = {
    query(sql: string, done: (error: undefined, rows: unknown) => void) {
      const id = /^KILL CONNECTION (\d+)$/.exec(sql)?.[1];
      if (id !== undefined) killed.push(Number(id));
      const ids = /IN \(([\d,]+)\)/.exec(sql)?.[1]?.split(",") ?? [];
      done(
        undefined,
        ids.map((one) => ({ id: one, host: "127.0.0.1:1", command: "Sleep" })),
      );
    },
    destroy() {},
    stream: { destroy() {} },
    on() {},
  } as unknown as Opened;
  const open: Connections["open"] = ({ signal } = {}) => {
    const one = Promise.withResolvers<Opened>();
    signal?.addEventListener("abort", () => one.reject(signal.reason as Error));
    opening.push(one);
    return one.promise;
  };
  const reaper = new SessionReaper({ open, async [Symbol.asyncDispose]() {} });
  const at = (index: number) => opening[index] ?? assert.fail(`there is no try ${index}`);
  return { reaper, opening, killed, connection, at };
}

test("a session that is owed is ended, with those that came to be owed meanwhile", async () => {
  const { reaper, opening, killed, connection, at } = server();
  reaper.owe(session(1));
  reaper.owe(session(2));
  at(0).resolve(connection);
  await until("there is a second try", () => opening.length === 2);
  at(1).resolve(connection);
  await until("both are ended", () => killed.length === 2);
  await reaper.stop();
  assert.deepEqual([killed, opening.length], [[1, 2], 2]);
});

test("a try that fails leaves the session owed until the server is heard of", async () => {
  const { reaper, opening, killed, connection, at } = server();
  reaper.owe(session(1));
  at(0).reject(new Error("away"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(opening.length, 1);
  reaper.again();
  at(1).resolve(connection);
  await until("it is ended", () => killed.length === 1);
  await reaper.stop();
});

test("when the server is heard of while a try hangs, its failure is followed by another try", async () => {
  const { reaper, opening, killed, connection, at } = server();
  reaper.owe(session(1));
  reaper.again();
  at(0).reject(new Error("swallowed by the network"));
  await until("there is another try", () => opening.length === 2);
  at(1).resolve(connection);
  await until("it is ended", () => killed.length === 1);
  await reaper.stop();
  assert.equal(opening.length, 2);
});

test("a try that has hung for a second is given up when the server is heard of", async () => {
  const { reaper, opening, killed, connection, at } = server();
  reaper.owe(session(1));
  await until("there is another try", () => {
    reaper.again();
    return opening.length === 2;
  });
  at(1).resolve(connection);
  await until("it is ended", () => killed.length === 1);
  await reaper.stop();
});

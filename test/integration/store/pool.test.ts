import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay, setImmediate } from "node:timers/promises";
import type { Secret } from "../../../src/store/database-options.ts";
import { databaseError } from "../../../src/store/trouble.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { proxied, sessionOf, sessionsOf } from "../../support/proxied.ts";
import { database } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

describe("who takes a connection", () => {
  test("waits for one that is free, and learns after its time how many there are and how long that was", async (t) => {
    const { open } = await proxied(t);
    const store = await open(2, { poolWaitMs: 300 });
    const free = Promise.withResolvers<void>();
    const allTaken = barrier(3);
    const user = async () => (await allTaken(), free.promise);
    const users = [store.transaction(user), store.transaction(user)];
    await allTaken();
    await assert.rejects(store.select("SELECT 1"), (error) => {
      const { code, message } = databaseError(error);
      assert.equal(code, "POOL_WAIT");
      assert.equal(message, "no connection within 300 ms: all 2 of the pool are in use");
      return true;
    });
    const waiting = store.select("SELECT 2 AS n");
    free.resolve();
    assert.deepEqual(await waiting, [{ n: 2 }]);
    await Promise.all(users);
  });

  test("gets another one in place of one that is older than its lifetime", async (t) => {
    const { open } = await proxied(t);
    const store = await open(1, { poolLifetimeMs: 700 });
    const young = performance.now();
    const first = await sessionOf(store);
    assert.equal(await sessionOf(store), first, "as long as it is young it stays");
    await until("it is old", () => performance.now() - young > 750);
    const second = await sessionOf(store);
    assert.notEqual(second, first);
    assert.equal(await sessionOf(store), second);
  });

  test("does not hear of those that died while nobody used them", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(3);
    for (let i = 0; i < 5; i += 1) {
      const before = await sessionsOf(store, 3);
      proxy.cut(1);
      await until("all are cut", () => proxy.connections === 0);
      // A reset is there at once, and noticed in the next turn.
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
      const after = await sessionsOf(store, 3);
      assert.ok(after.every((id) => !before.includes(id)));
    }
    assert.equal(proxy.cuts, 15);
  });

  test("gets no other one of a server that turned out to be read-only", async (t) => {
    const { open, database: on } = await proxied(t);
    await on.query("CREATE TABLE notes (id INT PRIMARY KEY)");
    const store = await open(4);
    const before = await sessionsOf(store, 4);
    await store.transaction(async (tx) => {
      await tx.run("SET SESSION TRANSACTION READ ONLY");
    });
    // Whichever of the four it was that was made read-only: one of them hears of it.
    const errnos: (number | undefined)[] = [];
    const allTaken = barrier(4);
    const write = (id: number) =>
      store.transaction(async (tx) => {
        await allTaken();
        await tx.run(`INSERT INTO notes VALUES (${id})`);
      });
    const writes = [1, 2, 3, 4].map((id) =>
      write(id).catch((error: unknown) => errnos.push(databaseError(error).errno)),
    );
    await Promise.all(writes);
    assert.deepEqual(errnos, [1792], "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION");
    const after = await sessionsOf(store, 4);
    assert.ok(
      after.every((id) => !before.includes(id)),
      `${before} became ${after}`,
    );
    await write(5);
  });

  test("is one of many: 50 users of 4 connections all get their turn, and the server never sees a fifth", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(4);
    const seen = new Set<number>();
    let most = 0;
    const user = async () => {
      for (let i = 0; i < 5; i += 1) {
        seen.add(await sessionOf(store));
        most = Math.max(most, proxy.connections);
      }
    };
    await Promise.all(Array.from({ length: 50 }, user));
    assert.equal(proxy.accepted, 4);
    assert.equal(most, 4);
    assert.equal(seen.size, 4);
  });

  test("gets a turn also while connections are cut at random: no turn and no connection is lost", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(4, { poolWaitMs: 5_000 });
    const codes = new Map<string, number>();
    let [done, going] = [0, true];
    const user = async () => {
      while (going) {
        await store
          .transaction(async (tx) => {
            await tx.select("SELECT 1");
            return tx.select("SELECT 2");
          })
          .then(
            () => (done += 1),
            (error: unknown) => {
              const { code = String(error) } = databaseError(error);
              codes.set(code, (codes.get(code) ?? 0) + 1);
            },
          );
      }
    };
    const users = Array.from({ length: 50 }, user);
    for (let i = 1; i <= 15; i += 1) {
      proxy.cut(0.5);
      const before = done;
      await until(`progress after cut ${i}`, () => done > before + 10, { seen: () => [...codes] });
    }
    going = false;
    await Promise.all(users);
    assert.ok(proxy.cuts > 15, `${proxy.cuts} were cut`);
    assert.equal(codes.get("POOL_WAIT"), undefined, JSON.stringify([...codes]));
    assert.equal((await sessionsOf(store, 4)).length, 4, "all four can be used at once");
  });
});

/** Lets all go when so many have come, and whoever comes later. */
function barrier(count: number): () => Promise<void> {
  const all = Promise.withResolvers<void>();
  let came = 0;
  return async () => {
    came += 1;
    if (came >= count) all.resolve();
    await all.promise;
  };
}

describe("opening a connection", () => {
  test("ends at its deadline when a server takes the connection and stays silent", async (t) => {
    const { open, proxy } = await proxied(t);
    proxy.blackhole({ existing: true, fresh: true });
    const began = performance.now();
    await assert.rejects(open(1, { connectTimeoutMs: 500 }), { code: "ETIMEDOUT" });
    const took = performance.now() - began;
    assert.ok(took >= 490 && took < 1_000, `${took} ms`);
  });

  test("ends at its deadline when a server stops answering between login and session", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(1, { connectTimeoutMs: 700, poolLifetimeMs: 1 });
    // Now its first connection is too old, and a new one is opened.
    await delay(10);
    proxy.delay(100);
    const asked = performance.now();
    const answer = store.select("SELECT 1");
    const heard = answer.then(
      () => undefined,
      (error: unknown) => databaseError(error).code,
    );
    await delay(350);
    proxy.blackhole({ existing: true, fresh: true });
    assert.equal(await heard, "ETIMEDOUT");
    assert.ok(performance.now() - asked < 1_500);
  });

  test("asks the secret again when a login is refused, and tries once more", async (t) => {
    const { open, options, proxy } = await proxied(t);
    const secret = fakeSecret(["of yesterday", String(options.password)]);
    const store = await open(1, { password: secret });
    assert.deepEqual(await store.select("SELECT 1 AS n"), [{ n: 1 }]);
    assert.deepEqual({ ...secret.counts, accepted: proxy.accepted }, { reads: 2, refused: 1, accepted: 2 });
  });

  test("tries a refused login no third time, and not again with what was refused", async (t) => {
    const { open, proxy } = await proxied(t);
    const changing = fakeSecret(["wrong", "wrong, too", "never asked for"]);
    await assert.rejects(open(1, { password: changing }), { errno: 1045 });
    assert.deepEqual({ ...changing.counts, accepted: proxy.accepted }, { reads: 2, refused: 1, accepted: 2 });
    const same = fakeSecret(["wrong", "wrong"]);
    await assert.rejects(open(1, { password: same }), { errno: 1045 });
    assert.equal(proxy.accepted, 3);
  });
});

/** Gives one text after the other, each until it is refused. */
function fakeSecret(texts: readonly string[]): Secret & { readonly counts: Record<string, number> } {
  const counts = { reads: 0, refused: 0 };
  return {
    counts,
    async read() {
      counts.reads += 1;
      return texts[counts.refused] ?? "";
    },
    refused: () => (counts.refused += 1),
  };
}

describe("a transaction that failed leaves nothing to the next one on its connection", () => {
  for (const [how, fail] of [
    ["work throws", async () => Promise.reject(new Error("on purpose"))],
    ["a statement is refused", async (tx) => tx.run("INSERT INTO notes VALUES (1)")],
    ["its time is over between two statements", async (tx) => (await delay(600), tx.select("SELECT 1"))],
    ["its time is over in a statement", async (tx) => tx.select("SELECT SLEEP(5)")],
    [
      "its session is killed, so that ROLLBACK fails",
      async (tx, kill) => (await kill(), tx.select("SELECT 1")),
    ],
    [
      "its session is killed before work throws",
      async (_tx, kill) => (await kill(), Promise.reject(new Error())),
    ],
    ["its connection is cut", async (tx, _kill, cut) => (cut(), tx.select("SELECT 1"))],
  ] satisfies readonly [string, Failure][]) {
    test(`when ${how}`, async (t) => {
      const { open, database: on, proxy } = await proxied(t);
      await on.query("CREATE TABLE notes (id INT PRIMARY KEY)");
      const store = await open(1, { statementTimeoutMs: 500, poolWaitMs: 3_000 });
      // More often than there are connections: none may be lost.
      for (let i = 0; i < 3; i += 1) {
        const id = await sessionOf(store);
        const failed = store.transaction(async (tx) => {
          await tx.run("INSERT INTO notes VALUES (1)");
          await fail(
            tx,
            () => on.query(`KILL ${id}`),
            () => proxy.cut(1),
          );
        });
        await assert.rejects(failed);
        await store.transaction(async (tx) => {
          assert.deepEqual(await tx.select("SELECT * FROM notes"), []);
          await tx.run("INSERT INTO notes VALUES (2)");
        }, 5_000);
        // Committed: also who looks from elsewhere sees it, and nothing is locked.
        assert.deepEqual(await on.query("SELECT id FROM notes"), [{ id: 2 }]);
        await on.query("DELETE FROM notes");
      }
    });
  }
});

type Failure = (
  tx: Parameters<
    Parameters<Awaited<ReturnType<Awaited<ReturnType<typeof proxied>>["open"]>>["transaction"]>[0]
  >[0],
  kill: () => Promise<unknown>,
  cut: () => void,
) => Promise<unknown>;

test("a transaction that takes too long has its session ended on the server, and its locks with it", async (t) => {
  const on = await database(t);
  const { open } = await proxied(t, on);
  const store = await open(2, { statementTimeoutMs: 600 });
  await on.query("CREATE TABLE notes (id INT PRIMARY KEY)");
  const began = performance.now();
  let session = 0;
  const late = store.transaction(async (tx) => {
    session = Number((await tx.select("SELECT CONNECTION_ID() AS id"))[0]?.["id"]);
    await tx.run("INSERT INTO notes VALUES (1)");
    await tx.select("SELECT SLEEP(30)");
  });
  await assert.rejects(late, { message: "The operation was aborted due to timeout" });
  assert.ok(performance.now() - began < 1_600, "it is told soon after");
  await until(
    "the session is gone",
    async () => {
      const left = await on.query(`SELECT * FROM information_schema.processlist WHERE id=${session}`);
      return left.length === 0;
    },
    { timeoutMs: 2_000 },
  );
  await on.query("INSERT INTO notes VALUES (1)");
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { databaseError } from "../../../src/store/trouble.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { proxied, sessionOf, sessionsOf } from "../../support/proxied.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

/** Which connections the network swallows. */
const EXISTING = { existing: true, fresh: false };
const ALL = { existing: true, fresh: true };

// All of them mostly wait: for deadlines, and for statements that are slow on purpose.
describe("a statement whose connection hangs", { concurrency: true }, () => {
  for (const [what, which] of [
    ["is given up within 5 s while the server can be reached anew", EXISTING],
    ["is given up within about 5 s when nothing can be reached", ALL],
  ] as const) {
    for (const [when, use] of [
      ["a query", (store) => store.select("SELECT 1")],
      ["BEGIN", (store) => store.transaction((tx) => tx.select("SELECT 1"))],
    ] satisfies readonly [string, Use][]) {
      test(`${what}: ${when}`, async (t) => {
        const { open, proxy } = await proxied(t);
        const store = await open(1);
        await sessionOf(store);
        proxy.blackhole(which);
        const { code, tookMs } = await failure(() => use(store));
        assert.equal(code, "CONNECTION_HUNG");
        assert.ok(tookMs > 1_900 && tookMs < 5_500, `${tookMs} ms`);
        t.diagnostic(`given up after ${tookMs} ms`);
        proxy.heal();
        assert.deepEqual(await store.select("SELECT 2 AS n"), [{ n: 2 }], "its place is free again");
      });
    }
  }

  test("is given up at the first look when the server knows no such session any more", async (t) => {
    const { open, proxy, database: on } = await proxied(t);
    const store = await open(1);
    const session = await sessionOf(store);
    proxy.blackhole(EXISTING);
    await on.query(`KILL ${session}`);
    const { code, tookMs } = await failure(() => store.select("SELECT 1"));
    assert.equal(code, "CONNECTION_HUNG");
    assert.ok(tookMs < 3_500, `${tookMs} ms`);
  });

  test("is given up in COMMIT, too, and its locks do not outlive it", async (t) => {
    const { open, proxy, database: on } = await proxied(t);
    await on.query("CREATE TABLE notes (id INT PRIMARY KEY)");
    const store = await open(1);
    const write = (swallowed: () => void) =>
      store.transaction(async (tx) => {
        await tx.run("INSERT INTO notes VALUES (1)");
        swallowed();
      });
    const { code } = await failure(() => write(() => proxy.blackhole(EXISTING)));
    assert.equal(code, "CONNECTION_HUNG");
    // Its session is still there, idle, in a transaction that holds the row: it has to be ended for this to go on.
    const began = performance.now();
    await write(() => {});
    assert.ok(performance.now() - began < 3_000);
    assert.deepEqual(await on.query("SELECT id FROM notes"), [{ id: 1 }]);
  });

  test("takes with it the next one, which waited on the server for its locks", async (t) => {
    const { open, proxy, database: on } = await proxied(t);
    await on.query("CREATE TABLE notes (id INT PRIMARY KEY, n INT NOT NULL)");
    await on.query("INSERT INTO notes VALUES (1, 0)");
    const store = await open(3);
    const [locked, waits] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holder = failure(() =>
      store.transaction(async (tx) => {
        await tx.run("UPDATE notes SET n = 1 WHERE id = 1");
        locked.resolve();
        await waits.promise;
        await tx.select("SELECT 1");
      }),
    );
    await locked.promise;
    const next = failure(() => store.transaction((tx) => tx.run("UPDATE notes SET n = 2 WHERE id = 1")));
    await until("it waits for the lock", async () => {
      const running = "SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE notes%'";
      return (await on.query(running)).length > 0;
    });
    proxy.blackhole(EXISTING);
    waits.resolve();
    assert.equal((await holder).code, "CONNECTION_HUNG");
    const { code, tookMs } = await next;
    assert.equal(code, "CONNECTION_HUNG");
    assert.ok(tookMs < 5_500, `${tookMs} ms`);
    t.diagnostic(`given up after ${tookMs} ms`);
    await store.transaction((tx) => tx.run("UPDATE notes SET n = 3 WHERE id = 1"));
  });

  test("takes with it all other connections, which lead to the same lost server", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(3);
    const before = await sessionsOf(store, 3);
    proxy.blackhole(EXISTING);
    await failure(() => store.select("SELECT 1"));
    const began = performance.now();
    const after = await sessionsOf(store, 3);
    assert.ok(after.every((id) => !before.includes(id)));
    assert.ok(performance.now() - began < 2_000, "nobody has waited for them");
  });
});

type Use = (store: Awaited<ReturnType<Awaited<ReturnType<typeof proxied>>["open"]>>) => Promise<unknown>;

async function failure(use: () => Promise<unknown>) {
  const began = performance.now();
  const error = await use().then(
    () => assert.fail("it was answered"),
    (error: unknown) => error,
  );
  return { ...databaseError(error), tookMs: Math.round(performance.now() - began) };
}

describe("a statement that is only slow is left alone", { concurrency: true }, () => {
  test("one that takes 6 s", async (t) => {
    const { open } = await proxied(t);
    const store = await open(1);
    assert.deepEqual(await store.select("SELECT SLEEP(6) AS slept"), [{ slept: 0 }]);
  });

  test("one that takes 6 s behind a network that takes 200 ms in each direction", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(1);
    proxy.delay(200);
    assert.deepEqual(await store.select("SELECT SLEEP(6) AS slept"), [{ slept: 0 }]);
  });

  test("one that waits 8 s for a row's lock", async (t) => {
    const { open, database: on } = await proxied(t);
    await on.query("CREATE TABLE notes (id INT PRIMARY KEY, n INT NOT NULL)");
    await on.query("INSERT INTO notes VALUES (1, 0)");
    const store = await open(2);
    const increment = (meanwhile: () => Promise<void>) =>
      store.transaction(async (tx) => {
        await tx.run("UPDATE notes SET n = n + 1 WHERE id = 1");
        await meanwhile();
      });
    const locked = Promise.withResolvers<void>();
    // How long the lock is held is the subject.
    const first = increment(async () => (locked.resolve(), delay(8_000)));
    await locked.promise;
    await Promise.all([first, increment(async () => {})]);
    assert.deepEqual(await on.query("SELECT n FROM notes"), [{ n: 2 }]);
  });

  test("an ALTER TABLE that waits 7 s for readers of the table", async (t) => {
    const { open, database: on } = await proxied(t);
    await on.query("CREATE TABLE notes (id INT PRIMARY KEY)");
    const store = await open(2);
    const reading = Promise.withResolvers<void>();
    const reader = store.transaction(async (tx) => {
      await tx.select("SELECT * FROM notes");
      reading.resolve();
      await delay(7_000);
    });
    await reading.promise;
    await Promise.all([reader, store.select("ALTER TABLE notes ADD COLUMN n INT")]);
    assert.equal((await on.query("SHOW COLUMNS FROM notes")).length, 2);
  });

  test("one of 6 MB that takes 7 s to arrive", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(1);
    await sessionOf(store);
    proxy.throttle(1_000_000);
    const began = performance.now();
    const [row] = await store.select(`SELECT LENGTH('${"x".repeat(6_000_000)}') AS n`);
    assert.deepEqual(row, { n: 6_000_000 });
    assert.ok(performance.now() - began > 5_000, "it was slow");
  });

  test("one whose answer of 6 MB takes 7 s to arrive", async (t) => {
    const { open, proxy } = await proxied(t);
    const store = await open(1);
    await sessionOf(store);
    proxy.throttle(1_000_000);
    const [row] = await store.select("SELECT REPEAT('x', 6000000) AS text");
    assert.equal(String(row?.["text"]).length, 6_000_000);
  });
});

test("an idle connection that hangs is found within 2 s by whoever takes it, and replaced", async (t) => {
  const { open, proxy } = await proxied(t);
  const store = await open(2);
  const before = await sessionsOf(store, 2);
  proxy.blackhole(EXISTING);
  // Idle for longer than it is trusted without a ping.
  await delay(5_200);
  const began = performance.now();
  const after = await sessionsOf(store, 2);
  const tookMs = Math.round(performance.now() - began);
  assert.ok(after.every((id) => !before.includes(id)));
  assert.ok(tookMs < 2_800, `${tookMs} ms`);
  t.diagnostic(`replaced after ${tookMs} ms`);
});

describe("a store that is closed", () => {
  for (const [what, which] of [
    ["its server answers", undefined],
    ["only new connections reach it", EXISTING],
    ["nothing reaches it", ALL],
  ] as const) {
    test(`while a statement hangs, and ${what}, ends within 1 s and leaves nothing`, async (t) => {
      const { open, proxy } = await proxied(t);
      const before = left();
      const store = await open(3);
      await sessionsOf(store, 2);
      if (which !== undefined) proxy.blackhole(which);
      const hanging = [
        failure(() => store.transaction((tx) => tx.select("SELECT SLEEP(20)"))),
        failure(() => store.select("SELECT SLEEP(20)")),
        // This one has to open a connection.
        failure(() => store.transaction((tx) => tx.select("SELECT SLEEP(20)"))),
      ];
      await until("all hang", () => proxy.accepted === 3);
      const began = performance.now();
      await store.close();
      const tookMs = performance.now() - began;
      assert.ok(tookMs < 1_000, `${tookMs} ms`);
      const codes = (await Promise.all(hanging)).map(({ code, message }) => code ?? message);
      assert.deepEqual(codes, ["POOL_CLOSED", "POOL_CLOSED", "POOL_CLOSED"]);
      proxy.cut(1);
      await until("nothing is left", () => left() <= before, { seen: left });
    });
  }
});

/** Sockets and timers of this process. */
function left(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCPSocket|Timeout/.test(kind)).length;
}

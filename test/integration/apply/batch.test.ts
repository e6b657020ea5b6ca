import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { applyBatch } from "../../../src/apply/batch.ts";
import type { Settlement } from "../../../src/apply/outcome.ts";
import type { Decoded } from "../../../src/messages/update.ts";
import type { Store } from "../../../src/store/store.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testStore } from "../../support/store.ts";
import { accounts, badges, counters, notes, people, testRegistry } from "../../support/tables.ts";
import { change, decoded } from "../../support/updates.ts";

expectNoLeaks();

const open = (t: TestContext) => testStore(t, testRegistry);

async function apply(store: Store, ...batch: readonly Decoded[]): Promise<readonly Settlement[]> {
  const result = await applyBatch(store, batch);
  if (!result.committed) throw new Error("not committed", { cause: result.error });
  return result.settlements;
}

function words(settlements: readonly Settlement[]): string[] {
  return settlements.map((one) => (one.outcome === "rejected" ? one.rejection.code : one.outcome));
}

async function receipts(store: Store) {
  const rows = await store.select(
    "SELECT idempotency_key AS k,outcome,code FROM receipts ORDER BY idempotency_key",
  );
  return rows.map((row) => `${row["k"]}:${row["code"] ?? row["outcome"]}`);
}

const person = (id: number, email: string) => change(people, "upsert", { key: { id }, set: { email } });

test("a batch writes its rows and one receipt for each update in one commit", async (t) => {
  const store = await open(t);
  const add = change(counters, "upsert", { key: { id: "a" }, add: { n: 2 } });
  const drop = change(counters, "delete", { key: { id: "never" } });
  assert.deepEqual(words(await apply(store, decoded("k1", add), decoded("k2", add), decoded("k3", drop))), [
    "applied",
    "applied",
    "unchanged",
  ]);
  assert.deepEqual(await store.select("SELECT id,n,label,at FROM counters"), [
    { id: "a", n: 4, label: null, at: null },
  ]);
  assert.deepEqual(await receipts(store), ["k1:applied", "k2:applied", "k3:unchanged"]);
});

test("a redelivered update leaves the row as it was, in the same batch and in a later one", async (t) => {
  const store = await open(t);
  const once = decoded("k1", change(counters, "upsert", { key: { id: "a" }, add: { n: 2 } }));
  assert.deepEqual(words(await apply(store, once, once)), ["applied", "duplicate"]);
  assert.deepEqual(words(await apply(store, once)), ["duplicate"]);
  assert.deepEqual(await store.select("SELECT n FROM counters"), [{ n: 2 }]);
});

test("a reused key keeps the first update's receipt and the second as a dead letter", async (t) => {
  const store = await open(t);
  const first = decoded("k1", change(counters, "upsert", { key: { id: "a" }, add: { n: 2 } }));
  const second = decoded("k1", change(counters, "upsert", { key: { id: "a" }, add: { n: 3 } }));
  assert.deepEqual(words(await apply(store, first, second)), ["applied", "key_reused"]);
  assert.deepEqual(words(await apply(store, second)), ["key_reused"]);
  assert.deepEqual(await receipts(store), ["k1:applied"]);
  const letters = await store.select("SELECT code,deliveries,data FROM dead_letters");
  assert.deepEqual(letters, [{ code: "key_reused", deliveries: 2, data: second.message.data }]);
});

test("a rejected key is not spent: once the cause is gone it applies, once, and its receipt is replaced", async (t) => {
  const store = await open(t);
  const pay = decoded("k1", change(counters, "update", { key: { id: "a" }, add: { n: 2 } }));
  assert.deepEqual(words(await apply(store, pay, pay)), ["row_missing", "row_missing"]);
  assert.deepEqual(await receipts(store), ["k1:row_missing"]);
  assert.deepEqual(await store.select("SELECT deliveries FROM dead_letters"), [{ deliveries: 2 }]);
  await apply(store, decoded("k2", change(counters, "insert", { key: { id: "a" } })));
  assert.deepEqual(words(await apply(store, pay, pay)), ["applied", "duplicate"]);
  assert.deepEqual(await receipts(store), ["k1:applied", "k2:applied"]);
  assert.deepEqual(await store.select("SELECT n FROM counters"), [{ n: 2 }]);
});

test("one unique conflict in a batch of 500 is rejected with the index's name, and 499 are applied in its commit", async (t) => {
  const store = await open(t);
  await apply(store, decoded("first", person(10_000, "taken@example.org")));
  const batch = Array.from({ length: 500 }, (_, i) =>
    decoded(`k${i}`, person(i, i === 321 ? "taken@example.org" : `p${i}@example.org`)),
  );
  const settlements = await apply(store, ...batch);
  assert.equal(settlements.filter(({ outcome }) => outcome === "applied").length, 499);
  const refused = settlements[321];
  assert.equal(refused?.outcome, "rejected");
  assert.equal(refused.outcome === "rejected" && refused.rejection.code, "unique_conflict");
  assert.equal(refused.outcome === "rejected" && refused.rejection.index, "people_email");
  assert.equal(refused.outcome === "rejected" && refused.rejection.errno, 1062);
  assert.deepEqual(await store.select("SELECT COUNT(*) AS n FROM people"), [{ n: 500 }]);
  const times = await store.select(
    "SELECT COUNT(*) AS n,COUNT(DISTINCT applied_at) AS commits FROM receipts",
  );
  assert.deepEqual(times, [{ n: 501, commits: 2 }]);
});

test("an upsert that would hit another row through a unique index leaves that row as it was", async (t) => {
  const store = await open(t);
  await apply(store, decoded("k1", person(1, "a@example.org")), decoded("k2", person(2, "b@example.org")));
  const before = await store.select("SELECT * FROM people ORDER BY id");
  const settlements = await apply(
    store,
    decoded("k3", person(3, "b@example.org")),
    decoded("k4", person(1, "B@example.org")),
  );
  assert.deepEqual(words(settlements), ["unique_conflict", "unique_conflict"]);
  assert.deepEqual(await store.select("SELECT * FROM people ORDER BY id"), before);
});

test("two rows may swap a unique value inside a batch when each update alone is allowed in its turn", async (t) => {
  const store = await open(t);
  await apply(store, decoded("k1", person(1, "a@example.org")), decoded("k2", person(2, "b@example.org")));
  const settlements = await apply(
    store,
    decoded("k3", person(2, "c@example.org")),
    decoded("k4", person(1, "b@example.org")),
    decoded("k5", person(2, "a@example.org")),
  );
  assert.deepEqual(words(settlements), ["applied", "applied", "applied"]);
  const rows = await store.select("SELECT id,email FROM people ORDER BY id");
  assert.deepEqual(rows, [
    { id: 1, email: "b@example.org" },
    { id: 2, email: "a@example.org" },
  ]);
});

test("a check judges every update of a hot row, also those that a later one would hide", async (t) => {
  const store = await open(t);
  const add = (amount: string) => change(accounts, "update", { key: { id: 1 }, add: { balance: amount } });
  await apply(store, decoded("open", change(accounts, "insert", { key: { id: 1 }, set: { balance: "10" } })));
  const settlements = await apply(
    store,
    decoded("k1", add("-4")),
    decoded("k2", add("-7")),
    decoded("k3", add("5.50")),
    decoded("k4", add("-11.50")),
    decoded("k5", add("-0.01")),
  );
  assert.deepEqual(words(settlements), ["applied", "check_failed", "applied", "applied", "check_failed"]);
  assert.deepEqual(await store.select("SELECT balance FROM accounts"), [{ balance: "0.00" }]);
  const [letter] = await store.select("SELECT index_name,pointer,table_name FROM dead_letters LIMIT 1");
  assert.deepEqual(letter, { index_name: "accounts_not_below_zero", pointer: "", table_name: "accounts" });
});

test("an update of several changes that the database refuses in one of them has no effect at all", async (t) => {
  const store = await open(t);
  await apply(store, decoded("k0", person(1, "a@example.org"), person(2, "b@example.org")));
  const settlements = await apply(
    store,
    decoded("k1", person(3, "c@example.org"), person(4, "a@example.org")),
    decoded("k2", person(5, "e@example.org")),
  );
  assert.deepEqual(words(settlements), ["unique_conflict", "applied"]);
  assert.deepEqual(await store.select("SELECT id FROM people ORDER BY id"), [
    { id: 1 },
    { id: 2 },
    { id: 5 },
  ]);
});

test("a parent and its child come and go in one update, in the order of its changes", async (t) => {
  const store = await open(t);
  const badge = (op: "insert" | "delete") =>
    change(badges, op, {
      key: { person: 1, kind: "gold" },
      ...(op === "insert" ? { set: { points: 3 } } : {}),
    });
  assert.deepEqual(words(await apply(store, decoded("k1", badge("insert")))), ["foreign_key"]);
  assert.deepEqual(words(await apply(store, decoded("k2", person(1, "a@example.org"), badge("insert")))), [
    "applied",
  ]);
  const drop = change(people, "delete", { key: { id: 1 } });
  assert.deepEqual(words(await apply(store, decoded("k3", drop))), ["foreign_key"]);
  assert.deepEqual(words(await apply(store, decoded("k4", badge("delete"), drop))), ["applied"]);
  assert.deepEqual(await store.select("SELECT * FROM badges"), []);
  assert.deepEqual(await store.select("SELECT * FROM people"), []);
});

test("a receipt counts the rows that its update changed, and of these the rows that it made", async (t) => {
  const store = await open(t);
  const note = () => change(notes, "insert", { set: { body: "n" } });
  const to = (id: string, n: number) => change(counters, "upsert", { key: { id }, set: { n } });
  const settlements = await apply(
    store,
    decoded("k1", to("a", 1), to("b", 1)),
    decoded("k2", to("b", 2), to("c", 1), note()),
    decoded("k3", change(counters, "delete", { key: { id: "a" } })),
    decoded("k4", to("a", 5), to("a", 6), change(counters, "delete", { key: { id: "a" } }), to("b", 2)),
  );
  assert.deepEqual(
    settlements.map((one) => (one.outcome === "applied" ? [one.rows, one.inserted] : one.outcome)),
    [
      [2, 2],
      [3, 2],
      [1, 0],
      [1, 0],
    ],
  );
  const kept = await store.select("SELECT rows_changed,rows_inserted FROM receipts ORDER BY idempotency_key");
  assert.deepEqual(
    kept.map((row) => [row["rows_changed"], row["rows_inserted"]]),
    settlements.map((one) => (one.outcome === "applied" ? [one.rows, one.inserted] : [])),
  );
});

test("a row that was not there before its update counts as made, however often the update deletes it", async (t) => {
  const store = await open(t);
  const by = (op: "insert" | "delete", id: string) => change(counters, op, { key: { id } });
  await apply(store, decoded("k1", by("insert", "old")));
  // What is deleted and made anew is written change by change; that one is not new.
  const twice = [by("insert", "new"), by("delete", "new"), by("insert", "new")];
  const anew = decoded("k2", ...twice, by("delete", "old"), by("insert", "old"));
  assert.deepEqual(await apply(store, anew), [{ outcome: "applied", rows: 2, inserted: 1 }]);
});

test("a row deleted and made anew in one update starts from its defaults", async (t) => {
  const store = await open(t);
  const make = (label?: string) =>
    change(counters, "insert", { key: { id: "a" }, set: label ? { label } : {} });
  await apply(store, decoded("k1", make("old")));
  const anew = decoded("k2", change(counters, "delete", { key: { id: "a" } }), make());
  assert.deepEqual(await apply(store, anew), [{ outcome: "applied", rows: 1, inserted: 0 }]);
  assert.deepEqual(await store.select("SELECT id,n,label FROM counters"), [{ id: "a", n: 0, label: null }]);
});

test("an insert that leaves its key to the server applies once", async (t) => {
  const store = await open(t);
  const note = (key: string) => decoded(key, change(notes, "insert", { set: { body: `by ${key}` } }));
  const first = note("k1");
  assert.deepEqual(words(await apply(store, first, note("k2"), first)), ["applied", "applied", "duplicate"]);
  assert.deepEqual(await store.select("SELECT body FROM notes ORDER BY body"), [
    { body: "by k1" },
    { body: "by k2" },
  ]);
});

test("an update rejected while it was decoded has a receipt and a dead letter with all its bytes", async (t) => {
  const store = await open(t);
  const { update: _update, ...rest } = decoded("k1", change(counters, "delete", { key: { id: "a" } }));
  const data = Buffer.from([0, 0xff, 0x27, 0x5c, 0x22, 0x0a, 0x80]);
  const rejection = { code: "malformed", message: 'it\'s not "UTF-8" 😀', rule: "utf8" } as const;
  const broken = { ...rest, message: { ...rest.message, data, attributes: { "ü'": '"' } }, rejection };
  assert.deepEqual(words(await apply(store, broken)), ["malformed"]);
  const [letter] = await store.select("SELECT data,message,rule,attributes FROM dead_letters");
  assert.deepEqual(letter?.["data"], data);
  assert.equal(letter?.["message"], rejection.message);
  assert.deepEqual(JSON.parse(String(letter?.["attributes"])), { "ü'": '"' });
  assert.deepEqual(await receipts(store), ["k1:malformed"]);
});

test("two workers with the same updates apply each once", async (t) => {
  const store = await open(t);
  const batch = Array.from({ length: 200 }, (_, i) =>
    decoded(`k${i}`, change(counters, "upsert", { key: { id: `r${i % 50}` }, add: { n: 1 } })),
  );
  const untilCommitted = async (mine: readonly Decoded[]) => {
    for (let attempt = 1; ; attempt += 1) {
      const result = await applyBatch(store, mine, attempt);
      if (result.committed) return words(result.settlements);
      assert.equal(result.trouble, "transient", String(result.error));
    }
  };
  const both = await Promise.all([untilCommitted(batch), untilCommitted(batch.toReversed())]);
  const applied = both.flat().filter((word) => word === "applied").length;
  assert.equal(applied, 200);
  assert.deepEqual(await store.select("SELECT SUM(n) AS n,COUNT(*) AS c FROM counters"), [
    { n: "200", c: 50 },
  ]);
  assert.equal((await receipts(store)).length, 200);
});

test("a table that is not there is trouble of the environment, and nothing is written", async (t) => {
  const store = await open(t);
  await store.select("DROP TABLE notes");
  const batch = [
    decoded("k1", change(counters, "upsert", { key: { id: "a" }, add: { n: 1 } })),
    decoded("k2", change(notes, "insert", { set: { body: "x" } })),
  ];
  const result = await applyBatch(store, batch);
  assert.equal(result.committed, false);
  assert.equal(!result.committed && result.trouble, "environment");
  assert.deepEqual(await receipts(store), []);
  assert.deepEqual(await store.select("SELECT * FROM counters"), []);
});

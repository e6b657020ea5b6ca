import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { after, describe, it } from "node:test";
import type { Database } from "../../../src/http/parts.ts";
import { type Awaited, ReceiptWaits } from "../../../src/http/receipt-waits.ts";
import type { Fingerprint, IdempotencyKey } from "../../../src/messages/update.ts";
import { keyId } from "../../../src/store/key-id.ts";
import type { DatabaseRow, Store } from "../../../src/store/store.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

const opened: ReceiptWaits[] = [];
after(() => Promise.all(opened.map((waits) => waits.close())));

const print = (text: string) => hash("sha256", text, "hex") as Fingerprint;

/** The part of a database that is asked for receipts: the rows are as the driver gives them. */
class FakeDatabase implements Database {
  readonly configured = true;
  readonly receipts = new Map<string, DatabaseRow>();
  readonly letters: DatabaseRow[] = [];
  away = false;
  queries = 0;

  settle(key: string, update: string, receipt: Readonly<Record<string, unknown>> = {}): void {
    this.receipts.set(keyId(key), {
      idempotency_key: key,
      fingerprint: print(update),
      outcome: "applied",
      code: null,
      rows_changed: 1,
      rows_inserted: 1,
      message_id: `of ${key}`,
      published_at: sqlTime(0),
      applied_at: sqlTime(0),
      ...receipt,
    });
  }

  async store(): Promise<Store> {
    if (this.away) throw new Error("connect ECONNREFUSED");
    return { select: (sql: string) => this.#select(sql) } as unknown as Store;
  }

  async #select(sql: string): Promise<DatabaseRow[]> {
    this.queries += 1;
    if (this.away) throw new Error("the connection is lost");
    if (sql.includes(" FROM dead_letters ")) return this.letters;
    const ids = [...sql.matchAll(/X'([^']+)'/g)].map(([, id = ""]) => id);
    return ids.flatMap((id) => {
      const row = this.receipts.get(id);
      return row === undefined ? [] : [{ ...row, now: sqlTime(0) }];
    });
  }
}

/** A DATETIME(6) of the database, this many ms from now. */
function sqlTime(ms: number): string {
  return new Date(Date.now() + ms).toISOString().replace("T", " ").replace("Z", "000");
}

function fresh(): { readonly database: FakeDatabase; readonly waits: ReceiptWaits } {
  const database = new FakeDatabase();
  const waits = new ReceiptWaits(database);
  opened.push(waits);
  return { database, waits };
}

function awaited(key: string, update = "one", messageId = `of ${key}`): Awaited {
  return { key: key as IdempotencyKey, fingerprint: print(update), since: performance.now(), messageId };
}

describe("ReceiptWaits", () => {
  it("gives the receipt as soon as it is there", async () => {
    const { database, waits } = fresh();
    const waiting = waits.wait(awaited("a"), 10_000);
    await until("it has looked", () => database.queries > 1);
    database.settle("a", "one");
    const verdict = await waiting;
    assert.equal(verdict?.receipt.outcome, "applied");
    assert.equal(verdict?.keyReused, false);
    assert.equal(waits.size, 0);
  });

  it("gives nothing when the time is over, and then asks no more", async () => {
    const { database, waits } = fresh();
    assert.equal(await waits.wait(awaited("a"), 30), undefined);
    assert.equal(waits.size, 0);
    const { queries } = database;
    // Whatever was under way has ended when another one has been answered.
    database.settle("b", "one");
    await waits.wait(awaited("b"), 10_000);
    assert.ok(database.queries <= queries + 2);
  });

  it("gives nothing when the client goes, before or while it waits", async () => {
    const { waits } = fresh();
    const client = new AbortController();
    const waiting = waits.wait(awaited("a"), 10_000, client.signal);
    client.abort();
    assert.equal(await waiting, undefined);
    assert.equal(await waits.wait(awaited("a"), 10_000, client.signal), undefined);
    assert.equal(waits.size, 0);
  });

  it("gives nothing to all who wait when it is closed, nor to those who come later", async () => {
    const { waits } = fresh();
    const waiting = ["a", "b"].map((key) => waits.wait(awaited(key), 10_000));
    await waits.close();
    await waits.close();
    assert.deepEqual(await Promise.all(waiting), [undefined, undefined]);
    assert.equal(await waits.wait(awaited("c"), 10_000), undefined);
  });

  it("tells those whose key has settled another update", async () => {
    const { database, waits } = fresh();
    database.settle("a", "one");
    const [same, other] = await Promise.all(
      ["one", "two"].map((update) => waits.wait(awaited("a", update), 10_000)),
    );
    assert.equal(same?.keyReused, false);
    assert.equal(other?.keyReused, true);
  });

  it("does not take an older rejection of the same update for the new one's", async () => {
    const { database, waits } = fresh();
    const rejected = { outcome: "rejected", code: "row_missing" };
    database.settle("a", "one", { ...rejected, message_id: "older", applied_at: sqlTime(-60_000) });
    const waiting = waits.wait(awaited("a", "one", "newer"), 10_000);
    await until("it has looked", () => database.queries > 2);
    assert.equal(waits.size, 1);
    database.settle("a", "one", { message_id: "newer" });
    assert.equal((await waiting)?.receipt.outcome, "applied");
  });

  it("takes a rejection of the same message, however old, and of a twin that was rejected meanwhile", async () => {
    const { database, waits } = fresh();
    const rejected = { outcome: "rejected", code: "row_missing" };
    database.settle("own", "one", { ...rejected, applied_at: sqlTime(-60_000) });
    database.settle("twin", "one", { ...rejected, message_id: "twin's", applied_at: sqlTime(1_000) });
    database.letters.push({ idempotency_key: "own", code: "row_missing", message: "no row", errno: null });
    const [own, twin] = await Promise.all(["own", "twin"].map((key) => waits.wait(awaited(key), 10_000)));
    assert.equal(own?.rejection?.message, "no row");
    assert.equal(twin?.receipt.code, "row_missing");
  });

  it("waits on while the database is away, and gives the receipt when it is back", async () => {
    const { database, waits } = fresh();
    database.away = true;
    const short = waits.wait(awaited("short"), 20);
    const waiting = waits.wait(awaited("a"), 10_000);
    assert.equal(await short, undefined);
    database.settle("a", "one");
    database.away = false;
    assert.equal((await waiting)?.receipt.outcome, "applied");
  });

  it("lets one who has just come not wait for the long tick of those who wait long", async () => {
    const { database, waits } = fresh();
    const old = { ...awaited("old"), since: performance.now() - 60_000 };
    const waiting = waits.wait(old, 10_000);
    await until("it rests", () => database.queries === 1);
    database.settle("new", "one");
    const longTick = delay(240, "the long tick", { ref: false });
    const first = await Promise.race([waits.wait(awaited("new"), 10_000), longTick]);
    assert.equal(typeof first === "object" && first.receipt.idempotencyKey, "new");
    database.settle("old", "one");
    await waiting;
  });

  it("asks once a tick for a thousand who wait", async () => {
    const { database, waits } = fresh();
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
    const waiting = keys.map((key) => waits.wait(awaited(key), 10_000));
    await until("it has looked three times", () => waits.lookups >= 3);
    for (const key of keys) database.settle(key, "one");
    const verdicts = await Promise.all(waiting);
    assert.ok(verdicts.every((verdict) => verdict?.receipt.outcome === "applied"));
    // 500 keys a statement.
    assert.ok(database.queries <= waits.lookups * 2);
    assert.ok(waits.lookups < 60, `${waits.lookups} lookups`);
  });
});

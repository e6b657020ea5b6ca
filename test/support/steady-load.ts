import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { receiptCount } from "./receipt-count.ts";
import type { Rig } from "./rig.ts";
import type { TestDatabase } from "./servers.ts";
import { until } from "./until.ts";

/** Updates that keep coming, at the same pace whatever happens. */
export interface SteadyLoad {
  /** How many were published so far. */
  readonly sent: number;
  /** Publishes no more; resolves with how many there were. */
  stop(): Promise<number>;
}

const TICK_MS = 50;
const HOT_ROWS = 50;

/** Of ten updates, those that increment one row, and two. The others write a row of their own. */
const ONE = new Set([0, 1, 2, 3, 4]);
const TWO = new Set([5, 6]);

/**
 * So many updates a second until stopped: increments of 50 rows, and of two of them at once, inserts, and upserts of rows of
 * their own. Each of them must be applied, once; see {@link assertExactlyOnce}.
 */
export function steadyLoad(on: Rig, perSecond = 200): SteadyLoad {
  const perTick = Math.max(1, Math.round((perSecond * TICK_MS) / 1_000));
  let [sent, going] = [0, true];
  const running = (async () => {
    const began = performance.now();
    for (let tick = 1; going; tick += 1) {
      const first = sent;
      sent += perTick;
      await on.publish(
        Array.from({ length: perTick }, (_, i) => ({ key: `load-${first + i}`, body: bodyOf(first + i) })),
      );
      await delay(Math.max(0, began + tick * TICK_MS - performance.now()));
    }
  })();
  // What went wrong is told by `stop`.
  running.catch(() => {});
  return {
    get sent() {
      return sent;
    },
    async stop() {
      going = false;
      await running;
      return sent;
    },
  };
}

function bodyOf(i: number): unknown {
  const increment = (n: number) => ({
    table: "toots",
    op: "upsert",
    key: { id: 1 + (Math.floor(n / 7) % HOT_ROWS) },
    add: { replies_count: 1 },
  });
  const kind = i % 10;
  if (ONE.has(kind)) return increment(i);
  if (TWO.has(kind)) return { changes: [increment(i), increment(i + 7)] };
  const op = kind === 7 ? "insert" : "upsert";
  return { table: "customers", op, key: { customerID: `c-${i}` }, set: { firstName: `Ada ${i}` } };
}

/** Resolves when each of the updates has its receipt; then all of them must have been applied, once, and nothing else. */
export async function assertExactlyOnce(
  database: TestDatabase,
  sent: number,
  timeoutMs = 60_000,
): Promise<void> {
  let receipts = 0;
  const all = async () => (receipts = await receiptCount(database)) >= sent;
  await until("every update has its receipt", all, { timeoutMs, seen: () => ({ sent, receipts }) });
  const outcomes = await database.query(
    "SELECT outcome, COUNT(*) AS n, COUNT(DISTINCT idempotency_key) AS k FROM receipts GROUP BY outcome",
  );
  assert.deepEqual(outcomes, [{ outcome: "applied", n: String(sent), k: String(sent) }]);
  assert.deepEqual(await database.query("SELECT code, message FROM dead_letters"), []);
  const increments = Array.from({ length: sent }, (_, i) => (ONE.has(i % 10) ? 1 : TWO.has(i % 10) ? 2 : 0));
  const [toots] = await database.query("SELECT SUM(replies_count) AS n, COUNT(*) AS hot FROM toots");
  const sum = increments.reduce<number>((a, b) => a + b, 0);
  assert.deepEqual({ ...toots }, { n: String(sum), hot: String(HOT_ROWS) });
  const [own] = await database.query("SELECT COUNT(*) AS n FROM customers");
  assert.equal(Number(own?.["n"]), increments.filter((n) => n === 0).length);
}

/** A time without a commit, in milliseconds as `Date.now()` counts them. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** The longest time without a commit that ended after `since` and had begun before `before`. */
export async function longestGap(
  database: TestDatabase,
  since: number,
  before = Number.POSITIVE_INFINITY,
): Promise<Gap> {
  const rows = await database.query(
    "SELECT DISTINCT UNIX_TIMESTAMP(CONVERT_TZ(applied_at,'+00:00',@@session.time_zone)) * 1000 AS t FROM receipts ORDER BY t",
  );
  const times = rows.map(({ t }) => Number(t));
  const gaps = times.slice(1).map((to, i): Gap => ({ from: times[i] ?? to, to }));
  const meant = gaps.filter(({ from, to }) => to > since && from < before);
  return meant.reduce((most, gap) => (gap.to - gap.from > most.to - most.from ? gap : most));
}

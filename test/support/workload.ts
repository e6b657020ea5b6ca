import type { Keyed } from "./rig.ts";

/** A row by its name, `table/key`, with the columns that the workload decides. */
export type Model = Map<string, Readonly<Record<string, string | number | null>>>;

export interface Workload {
  /** Each update once; publishing some of them again must change nothing. */
  readonly updates: readonly Keyed[];
  /** What every row must hold in the end, whatever the order, repetition and crashes on the way. */
  readonly rows: Model;
  /** What every receipt must say, by key. */
  readonly receipts: ReadonlyMap<string, string>;
}

const TOOTS = 100;
const POSTS = 300;
/** Beyond 2^53, so that a lost digit shows. */
const FIRST_TOOT = 109_382_716_453_829_000n;

/** A repeatable sequence of numbers in 0 … n-1 (the MINSTD generator of Park and Miller, 1988). */
export function randomFrom(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % n;
  };
}

/** Shuffles a copy. */
export function shuffled<T>(items: readonly T[], random: (n: number) => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i -= 1) {
    const j = random(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

/**
 * A workload whose result does not depend on order: increments, transfers between two rows in one update, version-guarded
 * overwrites, rows of their own, and 1 % that must be rejected. The model is computed here, from nothing but the plan.
 */
export function workload(n: number, seed: number): Workload {
  const random = randomFrom(seed);
  const plan = {
    updates: [] as Keyed[],
    counts: new Map<string, number>(),
    newest: new Map<string, number>(),
  };
  const rows: Model = new Map();
  const receipts = new Map<string, string>();
  for (let i = 0; i < n; i += 1) {
    const key = `u-${seed}-${i}`;
    const rejected = i % 100 === 99 ? invalid(i) : undefined;
    const kind = random(10);
    if (rejected !== undefined) plan.updates.push({ key, body: rejected.body });
    else if (kind < 4) plan.updates.push({ key, body: increment(plan.counts, random) });
    else if (kind < 6) plan.updates.push({ key, body: transfer(plan.counts, random) });
    else if (kind < 8) plan.updates.push({ key, body: overwrite(plan.newest, random, i) });
    else plan.updates.push({ key, body: own(rows, i) });
    receipts.set(key, rejected?.code ?? (kind >= 6 && kind < 8 ? "settled" : "applied"));
  }
  for (const [id, count] of plan.counts) rows.set(`toots/${id}`, { replies_count: count });
  for (const [guid, version] of plan.newest)
    rows.set(`feed/${guid}`, { title: `v${version}`, pubDate: timeOf(version) });
  return { updates: plan.updates, rows, receipts };
}

function increment(counts: Map<string, number>, random: (n: number) => number) {
  const id = String(FIRST_TOOT + BigInt(random(TOOTS)));
  const by = 1 + random(5);
  counts.set(id, (counts.get(id) ?? 0) + by);
  return { table: "toots", op: "upsert", key: { id }, add: { replies_count: by } };
}

/** Two rows or none: the sum over both only grows by a known amount. */
function transfer(counts: Map<string, number>, random: (n: number) => number) {
  const change = (by: number) => {
    const id = String(FIRST_TOOT + BigInt(random(TOOTS)));
    counts.set(id, (counts.get(id) ?? 0) + by);
    return { table: "toots", op: "upsert", key: { id }, add: { replies_count: by } };
  };
  return { changes: [change(1), change(2)] };
}

function overwrite(newest: Map<string, number>, random: (n: number) => number, version: number) {
  const guid = `https://example.org/${random(POSTS)}`;
  newest.set(guid, Math.max(newest.get(guid) ?? 0, version));
  return {
    table: "feed",
    op: "upsert",
    key: { guid },
    set: { title: `v${version}`, pubDate: timeOf(version) },
  };
}

function timeOf(version: number): string {
  return new Date(1_700_000_000_000 + version * 1_000).toISOString().slice(0, 19).replace("T", " ");
}

function own(rows: Model, i: number) {
  rows.set(`customers/c${i}`, { firstName: `Ada ${i} 😀`, lastName: null });
  return {
    table: "customers",
    op: "insert",
    key: { customerID: `c${i}` },
    set: { firstName: `Ada ${i} 😀` },
  };
}

/** Each kind of update that can never succeed, in turn. */
function invalid(i: number): { readonly body: unknown; readonly code: string } {
  const kinds = [
    { code: "malformed", body: '{"table":"customers",' },
    { code: "malformed", body: Buffer.from([0x7b, 0xff, 0x7d]) },
    { code: "unknown_table", body: { table: "nowhere", op: "delete", key: { id: i } } },
    { code: "unknown_column", body: { table: "feed", op: "upsert", key: { guid: "x" }, set: { nope: i } } },
    { code: "invalid", body: { table: "toots", op: "upsert", key: { id: -1 }, add: { replies_count: 1 } } },
    {
      code: "row_missing",
      body: { table: "customers", op: "update", key: { customerID: `no${i}` }, set: { firstName: "x" } },
    },
    {
      code: "row_missing",
      body: {
        changes: [
          { table: "toots", op: "upsert", key: { id: "1" }, add: { replies_count: 1 } },
          { table: "customers", op: "update", key: { customerID: `no${i}` }, set: { firstName: "x" } },
        ],
      },
    },
  ];
  return kinds[Math.floor(i / 100) % kinds.length] as { body: unknown; code: string };
}

import { type Random, xoshiro128 } from "../../src/local/broker/random.ts";
import { uuidV7 } from "../../src/messages/uuid-v7.ts";

/** One row as the messages say it and as the database prints it, but for the time's form. */
export interface BenchRow {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly amount: string;
  readonly at: string;
  readonly note: string | null;
}

/** What is published: an idempotency key and the data. */
export interface BenchMessage {
  readonly key: string;
  readonly data: Buffer;
}

/** One message and the row that it sets. */
export interface LoadMessage extends BenchMessage {
  readonly row: BenchRow;
}

/** What is published for a run, in this order; a message that is sent twice stands in it twice. */
export interface Load {
  readonly messages: readonly LoadMessage[];
  /** Keys among them. */
  readonly keys: number;
  /** Rows among them. */
  readonly rows: number;
}

/** Rows that a load is spread over. */
export const ROWS = 20_000;
const BYTES = 250;
const DOUBLED = 0.05;
/** The second copy comes at most this many messages after the first: some meet in a batch, most do not. */
const LONGEST_GAP = 5_000;

/** Upserts of 250 bytes each, 5 % of them sent twice, over 20,000 rows drawn at random: the same ones each time, but for the keys. */
export function createLoad(count: number, key: () => string = uuidV7): Load {
  const random = xoshiro128(count);
  const single = Array.from({ length: singles(count) }, (_, n): LoadMessage => {
    const row = drawRow(n, random);
    return { key: key(), data: upsert(row), row };
  });
  return {
    messages: sendTwice(single, count, random),
    keys: single.length,
    rows: new Set(single.map(({ row }) => row.id)).size,
  };
}

/** How many of so many messages are no second copies. */
export function singles(count: number): number {
  return count - Math.floor(count * DOUBLED);
}

/** These messages with as many of them sent twice as it takes to make `count`. */
export function sendTwice<M>(single: readonly M[], count: number, random: Random): M[] {
  const doubled = new Set<number>();
  while (doubled.size < count - single.length) doubled.add(Math.floor(random() * single.length));
  const places = single.map((one, n) => ({ one, place: n }));
  for (const n of doubled) {
    places.push({ one: single[n] as M, place: n + Math.ceil(random() * LONGEST_GAP) });
  }
  places.sort((a, b) => a.place - b.place);
  return places.map(({ one }) => one);
}

/** A row such that its upsert has 250 bytes; each `n` gives another one. */
export function drawRow(n: number, random: Random): BenchRow {
  const words = `No ${n} ${random().toString(36).slice(2)}`;
  const bare = {
    id: Math.floor(random() * ROWS),
    name: `Person ${words}`,
    email: `person-${n}@example.org`,
    amount: (random() * 1e6).toFixed(2),
    at: new Date(1_790_000_000_000 + n).toISOString().replace("Z", `${String(n % 1000).padStart(3, "0")}Z`),
  };
  const missing = BYTES - upsert({ ...bare, note: "" }).length;
  return n % 5 === 0
    ? { ...bare, name: bare.name.padEnd(bare.name.length + missing - 2, " etc."), note: null }
    : { ...bare, note: `About ${words}, at some length.`.repeat(9).slice(0, missing) };
}

function upsert({ id, ...set }: BenchRow): Buffer {
  return Buffer.from(JSON.stringify({ table: "bench_rows", op: "upsert", key: { id }, set }));
}

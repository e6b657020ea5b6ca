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

/** One message: its idempotency key, its data, and the row that it sets. */
export interface LoadMessage {
  readonly key: string;
  readonly data: Buffer;
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

const ROWS = 20_000;
const BYTES = 250;
const DOUBLED = 0.05;
/** The second copy comes at most this many messages after the first: some meet in a batch, most do not. */
const LONGEST_GAP = 5_000;

/** Upserts of 250 bytes each, 5 % of them sent twice, over 20,000 rows drawn at random. */
export function createLoad(count: number): Load {
  const doubles = Math.floor(count * DOUBLED);
  const single = Array.from({ length: count - doubles }, (_, n) => message(n));
  const doubled = new Set<number>();
  while (doubled.size < doubles) doubled.add(Math.floor(Math.random() * single.length));
  const places = single.map((one, n) => ({ one, place: n }));
  for (const n of doubled) {
    places.push({ one: single[n] as LoadMessage, place: n + Math.ceil(Math.random() * LONGEST_GAP) });
  }
  places.sort((a, b) => a.place - b.place);
  return {
    messages: places.map(({ one }) => one),
    keys: single.length,
    rows: new Set(single.map(({ row }) => row.id)).size,
  };
}

function message(n: number): LoadMessage {
  const words = `No ${n} ${Math.random().toString(36).slice(2)}`;
  const bare = {
    id: Math.floor(Math.random() * ROWS),
    name: `Person ${words}`,
    email: `person-${n}@example.org`,
    amount: (Math.random() * 1e6).toFixed(2),
    at: new Date(1_790_000_000_000 + n).toISOString().replace("Z", `${String(n % 1000).padStart(3, "0")}Z`),
  };
  const missing = BYTES - data({ ...bare, note: "" }).length;
  const row =
    n % 5 === 0
      ? { ...bare, name: bare.name.padEnd(bare.name.length + missing - 2, " etc."), note: null }
      : { ...bare, note: `About ${words}, at some length.`.repeat(9).slice(0, missing) };
  return { key: uuidV7(), data: data(row), row };
}

function data({ id, ...set }: BenchRow): Buffer {
  return Buffer.from(JSON.stringify({ table: "bench_rows", op: "upsert", key: { id }, set }));
}

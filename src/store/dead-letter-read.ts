import { instant, instantOrNull } from "./database-time.ts";
import { conditionOf, type DeadLetterFilter, idLiteral } from "./dead-letter-filter.ts";
import type { DatabaseRow, Store } from "./store.ts";

/** A dead letter without its data. Times are RFC 3339 in UTC, with microseconds; ids are decimal. */
export interface DeadLetterHead {
  readonly id: string;
  readonly idempotencyKey: string;
  /** 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly code: string;
  readonly message: string;
  readonly pointer: string | null;
  readonly rule: string | null;
  readonly table: string | null;
  readonly column: string | null;
  readonly index: string | null;
  readonly errno: number | null;
  readonly messageId: string;
  readonly publishedAt: string;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly deliveries: number;
  readonly replays: number;
  readonly replayedAt: string | null;
  readonly replayOutcome: string | null;
  readonly bytes: number;
}

/** All of it: the message as it came. */
export interface DeadLetterRecord extends DeadLetterHead {
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

/** One page, by id. */
export interface Page {
  readonly order: "newest" | "oldest";
  readonly limit: number;
  /** The last id of the page before; not given: the first page. */
  readonly after?: string | undefined;
}

/** How many there are of one code and table. */
export interface DeadLetterCount {
  readonly code: string;
  readonly table: string | null;
  readonly count: number;
  /** Those that are waiting for somebody; see `DeadLetterState`. */
  readonly open: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

const HEAD =
  "id,idempotency_key,fingerprint,code,message,pointer,rule,table_name,column_name,index_name,errno,message_id," +
  "published_at,first_at,last_at,deliveries,replays,replayed_at,replay_outcome,LENGTH(data) AS bytes";

/** One page of the dead letters that meet the filter. */
export async function listDeadLetters(
  store: Store,
  filter: DeadLetterFilter,
  { order, limit, after }: Page,
): Promise<DeadLetterHead[]> {
  const [direction, beyond] = order === "newest" ? ["DESC", "<"] : ["ASC", ">"];
  const from = after === undefined ? "" : ` AND id${beyond}${idLiteral(after)}`;
  const rows = await store.select(
    `SELECT ${HEAD} FROM dead_letters WHERE ${conditionOf(filter)}${from} ORDER BY id ${direction} LIMIT ${limit}`,
  );
  return rows.map(headOf);
}

/** These dead letters with their data, by id, those that are still kept. */
export async function readDeadLetters(store: Store, ids: readonly string[]): Promise<DeadLetterRecord[]> {
  if (ids.length === 0) return [];
  const rows = await store.select(
    `SELECT ${HEAD},attributes,data FROM dead_letters WHERE ${conditionOf({ ids })} ORDER BY id`,
  );
  return rows.map((row) => ({
    ...headOf(row),
    attributes: JSON.parse(String(row["attributes"])) as Record<string, string>,
    data: row["data"] as Buffer,
  }));
}

/** How many dead letters meet the filter, by code and table, the most frequent first. */
export async function countDeadLetters(store: Store, filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
  const rows = await store.select(
    `SELECT code,table_name,COUNT(*) AS n,SUM(${conditionOf({ state: "open" })}) AS open,MIN(first_at) AS first_at,` +
      `MAX(last_at) AS last_at FROM dead_letters WHERE ${conditionOf(filter)} GROUP BY code,table_name` +
      " ORDER BY n DESC,code,table_name",
  );
  return rows.map((row) => ({
    code: String(row["code"]),
    table: row["table_name"] as string | null,
    count: Number(row["n"]),
    open: Number(row["open"]),
    firstAt: instant(row["first_at"]),
    lastAt: instant(row["last_at"]),
  }));
}

/** The highest id among the oldest `limit` dead letters that meet the filter; undefined when none does. */
export async function lastOf(
  store: Store,
  filter: DeadLetterFilter,
  limit: number | undefined,
): Promise<string | undefined> {
  const some = limit === undefined ? "" : ` ORDER BY id LIMIT ${limit}`;
  const [row] = await store.select(
    `SELECT MAX(id) AS last FROM (SELECT id FROM dead_letters WHERE ${conditionOf(filter)}${some}) chosen`,
  );
  const last = row?.["last"];
  return last === null || last === undefined ? undefined : String(last);
}

function headOf(row: DatabaseRow): DeadLetterHead {
  const text = (name: string) => row[name] as string | null;
  return {
    id: String(row["id"]),
    idempotencyKey: String(row["idempotency_key"]),
    fingerprint: (row["fingerprint"] as Buffer).toString("hex"),
    code: String(row["code"]),
    message: String(row["message"]),
    pointer: text("pointer"),
    rule: text("rule"),
    table: text("table_name"),
    column: text("column_name"),
    index: text("index_name"),
    errno: row["errno"] === null ? null : Number(row["errno"]),
    messageId: String(row["message_id"]),
    publishedAt: instant(row["published_at"]),
    firstAt: instant(row["first_at"]),
    lastAt: instant(row["last_at"]),
    deliveries: Number(row["deliveries"]),
    replays: Number(row["replays"]),
    replayedAt: instantOrNull(row["replayed_at"]),
    replayOutcome: text("replay_outcome"),
    bytes: Number(row["bytes"]),
  };
}

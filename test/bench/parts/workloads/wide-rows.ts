import { isDeepStrictEqual } from "node:util";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { type Random, xoshiro128 } from "../../../../src/local/broker/random.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { ROWS, sendTwice, singles } from "../../load.ts";
import type { Workload } from "../workload.ts";

const JSON_COLUMNS = ["account", "media_attachments", "mentions", "tags"];

/** Upserts of 25 columns of `toots`, four of them JSON: about 2 KB a message. */
export function wideRows(count: number): Workload {
  const random = xoshiro128(count);
  const ids = new Set<string>();
  const single = Array.from({ length: singles(count) }, (_, n) => {
    const id = idOf(Math.floor(random() * ROWS));
    ids.add(id);
    const body = { table: "toots", op: "upsert", key: { id }, set: wideRow(n, random) };
    return { key: uuidV7(), data: Buffer.from(JSON.stringify(body)) };
  });
  const said = new Map(single.map(({ data }) => saidBy(data)));
  return {
    messages: sendTwice(single, count, random),
    keys: single.length,
    async prepare() {},
    faults: (connection) => wideFaults(connection, said, ids.size),
  };
}

/** Beyond 53 bits, as real ones are. */
function idOf(n: number): string {
  return String(109_382_716_453_000_000n + BigInt(n) * 1_001n);
}

/** One row's columns under what tells its message from all others. */
function saidBy(data: Buffer): [string, Readonly<Record<string, unknown>>] {
  const { key, set } = JSON.parse(data.toString());
  return [`${key.id} ${set.url}`, set];
}

function wideRow(n: number, random: Random) {
  const words = `Post ${n} says ${random().toString(36).slice(2)} and more.`;
  const url = `https://social.example.org/@writer/${n}`;
  const count = () => Math.floor(random() * 10_000);
  return {
    created_at: new Date(1_790_000_000_000 + n).toISOString(),
    in_reply_to_id: idOf(n),
    in_reply_to_account_id: "109382716453829173",
    sensitive: n % 2 === 0,
    spoiler_text: null,
    visibility: "public",
    language: "en",
    uri: `https://social.example.org/users/writer/statuses/${n}`,
    url,
    replies_count: count(),
    reblogs_count: count(),
    favourites_count: count(),
    favourited: n % 3 === 0,
    reblogged: false,
    muted: false,
    bookmarked: true,
    pinned: false,
    content: `<p>${words.repeat(12)}</p>`,
    account: { id: "109382716453829173", acct: "writer", followers_count: count(), note: words.repeat(4) },
    media_attachments: [
      { id: String(n), type: "image", url: `${url}/image.png`, meta: { width: 1200, height: 675 } },
    ],
    mentions: [{ id: "7", acct: "reader" }],
    tags: [{ name: "rowpost" }, { name: "mysql" }],
  };
}

async function wideFaults(
  connection: Connection,
  said: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  count: number,
): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: "SELECT * FROM toots",
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const wrong = rows.filter((row) => {
    const set = said.get(`${row["id"]} ${row["url"]}`);
    return set === undefined || Object.entries(set).some(([name, value]) => !same(name, row[name], value));
  });
  const faults = rows.length === count ? [] : [`${rows.length} rows of ${count}`];
  return wrong.length === 0 ? faults : [...faults, `${wrong.length} rows as no message says them`];
}

function same(name: string, found: unknown, said: unknown): boolean {
  // MariaDB keeps JSON as text.
  if (JSON_COLUMNS.includes(name))
    return isDeepStrictEqual(typeof found === "string" ? JSON.parse(found) : found, said);
  if (name === "created_at") return `${String(found).replace(" ", "T")}Z` === said;
  return typeof said === "boolean" ? found === Number(said) : found === said;
}

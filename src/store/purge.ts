import type { Store, Transaction } from "./store.ts";

/** What a purge deleted, rows by table; undefined when another worker holds the election. */
export type Purged = { readonly receipts: number; readonly deadLetters: number } | undefined;

export interface PurgeOptions {
  readonly receiptHours: number;
  readonly deadLetterHours: number;
  /** Stops between two chunks. */
  readonly signal?: AbortSignal;
}

/** Rows in one DELETE: a few milliseconds of locks on rows that nobody else wants. */
const CHUNK = 1_000;

/**
 * Deletes receipts and dead letters that are older than their retention, oldest first, in small chunks of primary keys, each
 * committed by itself. One process at a time does it: whoever gets the advisory lock of this database.
 */
export async function purge(store: Store, options: PurgeOptions): Promise<Purged> {
  return store.transaction(async (election) => {
    // MySQL 9 has no SHA1 and no MD5 any more.
    const name = "CONCAT('rowpost:purge:',LEFT(SHA2(DATABASE(),256),16))";
    const [won] = await election.select(`SELECT GET_LOCK(${name},0) AS won`);
    if (Number(won?.["won"]) !== 1) return undefined;
    try {
      return {
        receipts: await purgeReceipts(store, options),
        deadLetters: await purgeDeadLetters(store, options),
      };
    } finally {
      await election.select(`SELECT RELEASE_LOCK(${name})`);
    }
  }, Number.POSITIVE_INFINITY);
}

/** What {@link purge} would delete at this moment, rows by table. Looks at no more rows than that, and one chunk. */
export async function countExpired(store: Store, options: PurgeOptions): Promise<NonNullable<Purged>> {
  let receipts = 0;
  let after = "0";
  for (;;) {
    const [row] = await store.select(
      `SELECT COALESCE(SUM(expired),0) AS expired,COALESCE(MAX(id),0) AS last FROM` +
        ` (SELECT id,${receiptExpired(options)} AS expired FROM receipts WHERE id>${after} ORDER BY id LIMIT ${CHUNK}) chunk`,
    );
    receipts += Number(row?.["expired"]);
    after = String(row?.["last"]);
    if (Number(row?.["expired"]) < CHUNK) break;
  }
  const [row] = await store.select(
    `SELECT COUNT(*) AS n FROM dead_letters WHERE ${deadLetterExpired(options)}`,
  );
  return { receipts, deadLetters: Number(row?.["n"]) };
}

function receiptExpired({ receiptHours }: PurgeOptions): string {
  return `applied_at<UTC_TIMESTAMP(6)-INTERVAL ${receiptHours} HOUR`;
}

function deadLetterExpired({ deadLetterHours }: PurgeOptions): string {
  return `last_at<UTC_TIMESTAMP(6)-INTERVAL ${deadLetterHours} HOUR`;
}

/** Receipts stand in the order of their times, but for the seconds by which two transactions overlap. */
async function purgeReceipts(store: Store, options: PurgeOptions): Promise<number> {
  const expired = receiptExpired(options);
  return inChunks(store, options.signal, async (tx) => {
    const oldest = await tx.select(
      `SELECT id,${expired} AS expired FROM receipts ORDER BY id LIMIT ${CHUNK}`,
    );
    const kept = oldest.findIndex((row) => Number(row["expired"]) !== 1);
    const last = oldest[kept === -1 ? oldest.length - 1 : kept - 1];
    if (last === undefined) return 0;
    const deleted = await tx.run(`DELETE FROM receipts WHERE id<=${String(last["id"])} AND ${expired}`);
    return deleted.affectedRows;
  });
}

async function purgeDeadLetters(store: Store, options: PurgeOptions): Promise<number> {
  const expired = deadLetterExpired(options);
  return inChunks(store, options.signal, async (tx) => {
    const oldest = await tx.select(
      `SELECT id FROM dead_letters WHERE ${expired} ORDER BY last_at LIMIT ${CHUNK}`,
    );
    if (oldest.length === 0) return 0;
    const ids = oldest.map((row) => String(row["id"])).join(",");
    const deleted = await tx.run(`DELETE FROM dead_letters WHERE id IN (${ids}) AND ${expired}`);
    return deleted.affectedRows;
  });
}

/** Runs chunks, each in its own transaction, until one comes out smaller than a chunk. */
async function inChunks(
  store: Store,
  signal: AbortSignal | undefined,
  chunk: (tx: Transaction) => Promise<number>,
): Promise<number> {
  let total = 0;
  while (signal?.aborted !== true) {
    const deleted = await store.transaction(chunk);
    total += deleted;
    if (deleted < CHUNK) break;
  }
  return total;
}

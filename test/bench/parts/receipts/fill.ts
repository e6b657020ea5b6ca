import type { Connection } from "mysql2/promise";
import { insertRows } from "../workload.ts";

/** How a receipt's key was made: by time, or at random. */
export const KEY_KINDS = ["UUIDv7", "random"] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** Receipts that one transaction writes. */
const CHUNK = 50_000;
/** UUIDv7 keys of the fill are this much older than now, and grow by 1 ms every 20 receipts, so that those of the runs are newer. */
const AGE_MS = 24 * 3_600_000;
const PER_MS = 20;

/**
 * Fills `receipts` from `from` up to `to` of them, in their real form and in the order in which they would have come: UUIDv7
 * keys ascend, random ones are anywhere. The server makes them, and writes no binary log for them.
 */
export async function fillReceipts(
  connection: Connection,
  kind: KeyKind,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<void> {
  const size = Math.min(CHUNK, to - from);
  if (size <= 0) return;
  await connection.query("SET SESSION sql_log_bin=0");
  await connection.query("CREATE TEMPORARY TABLE bench_numbers (n INT NOT NULL PRIMARY KEY)");
  await insertRows(
    connection,
    "bench_numbers",
    ["n"],
    Array.from({ length: size }, (_, n) => [n]),
  );
  const began = Date.now() - AGE_MS;
  for (let at = from; at < to; at += size) {
    signal.throwIfAborted();
    await connection.query(insertOf(kind, began, at, Math.min(size, to - at)));
  }
  await connection.query("DROP TEMPORARY TABLE bench_numbers");
  await connection.query("SET SESSION sql_log_bin=1");
}

/** The server's own text of the key number `at` + n, as lower-case hex without dashes. */
function keyHex(kind: KeyKind, began: number): string {
  // MySQL 9.7 has no MD5 of its own any more.
  const random = "LEFT(SHA2(CONCAT('rowpost',number),256),32)";
  if (kind === "random")
    return `CONCAT(LEFT(${random},12),'4',SUBSTR(${random},14,3),'a',RIGHT(${random},15))`;
  const time = `LOWER(LPAD(HEX(${began}+FLOOR(number/${PER_MS})),12,'0'))`;
  return `CONCAT(${time},'7',LPAD(HEX(number%${PER_MS}),3,'0'),'a',RIGHT(${random},15))`;
}

function insertOf(kind: KeyKind, began: number, at: number, count: number): string {
  const dashed = "CONCAT_WS('-',LEFT(hex,8),SUBSTR(hex,9,4),SUBSTR(hex,13,4),SUBSTR(hex,17,4),RIGHT(hex,12))";
  return (
    "INSERT INTO receipts (key_id,idempotency_key,fingerprint,outcome,code,rows_changed,rows_inserted,message_id," +
    `published_at,applied_at) SELECT UNHEX(hex),LOWER(${dashed}),UNHEX(SHA2(hex,256)),'applied',NULL,1,0,` +
    "CONCAT('1',LPAD(number,16,'0')),UTC_TIMESTAMP(6),UTC_TIMESTAMP(6) " +
    `FROM (SELECT number,${keyHex(kind, began)} AS hex ` +
    `FROM (SELECT n+${at} AS number FROM bench_numbers WHERE n<${count}) AS numbers) AS made ORDER BY number`
  );
}

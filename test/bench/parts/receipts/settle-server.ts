import { setTimeout as delay } from "node:timers/promises";
import type { Connection, RowDataPacket } from "mysql2/promise";

const POLL_MS = 100;
/** For any one of the waits. */
const PATIENCE_MS = 600_000;
/** Pages that the server always has in hand. */
const CALM_PAGES = 50;
/** Transactions whose old versions are not purged yet. */
const CALM_HISTORY = 200;

/** Waits until the server has written its dirty pages and purged old row versions: what came before costs no more. */
export async function settleServer(connection: Connection, signal: AbortSignal): Promise<void> {
  const limits = ["innodb_max_dirty_pages_pct_lwm", "innodb_max_dirty_pages_pct"];
  const before = await Promise.all(limits.map((name) => variable(connection, name)));
  for (const name of limits) await connection.query(`SET GLOBAL ${name}=0`);
  try {
    await until(
      async () =>
        Number(await status(connection, "Innodb_buffer_pool_pages_dirty")) <= CALM_PAGES &&
        (await historyLength(connection)) <= CALM_HISTORY,
      signal,
    );
  } finally {
    // The low-water mark may not be above the other one.
    for (const [i, name] of [...limits.entries()].reverse())
      await connection.query(`SET GLOBAL ${name}=${before[i]}`);
  }
}

/** Gives the buffer pool another size while the server runs, and waits until it has it. */
export async function resizePool(connection: Connection, mib: number, signal: AbortSignal): Promise<void> {
  await connection.query(`SET GLOBAL innodb_buffer_pool_size=${mib * 1024 * 1024}`);
  const page = Number(await variable(connection, "innodb_page_size"));
  const wanted = (mib * 1024 * 1024) / page;
  // The pool's pages are a little fewer than its bytes hold: each chunk has its own descriptors.
  const reached = async () => {
    const pages = Number(await status(connection, "Innodb_buffer_pool_pages_total"));
    return pages <= wanted && pages >= wanted * 0.9;
  };
  await until(reached, signal);
}

async function historyLength(connection: Connection): Promise<number> {
  const length = await status(connection, "Innodb_history_list_length");
  if (length !== undefined) return Number(length);
  // MySQL has no such status variable.
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT COUNT AS n FROM information_schema.INNODB_METRICS WHERE NAME='trx_rseg_history_len'",
  );
  return Number(rows[0]?.["n"]);
}

async function until(holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  while (!(await holds())) await delay(POLL_MS, undefined, { signal: either });
}

async function status(connection: Connection, name: string): Promise<string | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS WHERE Variable_name=?", [name]);
  return rows[0]?.["Value"] as string | undefined;
}

async function variable(connection: Connection, name: string): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT @@GLOBAL.${name} AS value`);
  return String(rows[0]?.["value"]);
}

import type { Transaction } from "../store/store.ts";

/** One INSERT of many rows, cut so that it can be sent in pieces. */
export interface Inserts {
  readonly head: string;
  /** `(…)` each. */
  readonly rows: readonly string[];
  readonly tail: string;
}

/** A character of SQL takes at most 3 bytes in UTF-8 for each UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/**
 * Runs the insert in as few statements as `maxPacket` bytes each allow. A single row that is too large for a packet fails as the
 * server would have it (1153, ER_NET_PACKET_TOO_LARGE), before the server closes the connection over it.
 */
export async function runInserts(
  tx: Transaction,
  maxPacket: number,
  { head, rows, tail }: Inserts,
): Promise<void> {
  const budget = Math.floor((maxPacket - 1024) / BYTES_PER_UNIT) - head.length - tail.length;
  let values = "";
  for (const row of rows) {
    if (values !== "" && values.length + row.length + 1 > budget) {
      await tx.run(head + values + tail);
      values = "";
    }
    if (row.length > budget) assertFits(head.length + tail.length + Buffer.byteLength(row), maxPacket);
    values += values === "" ? row : `,${row}`;
  }
  if (values !== "") await tx.run(head + values + tail);
}

function assertFits(bytes: number, maxPacket: number): void {
  if (bytes <= maxPacket - 1024) return;
  const message = `the row takes ${bytes} bytes of SQL, more than the server's max_allowed_packet of ${maxPacket}`;
  throw Object.assign(new Error(message), { errno: 1153, code: "ER_NET_PACKET_TOO_LARGE" });
}

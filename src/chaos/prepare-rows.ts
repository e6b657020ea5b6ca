import type { ChaosPlan } from "./chaos-plan.ts";
import type { ChaosScene } from "./chaos-scene.ts";

/** Receipts that are older than any retention: a purge deletes them while updates flow. */
export const OLD_RECEIPTS = 20_000;

/** The rows that are there before the first update. */
export async function prepareRows(scene: ChaosScene, { accounts, startingCents }: ChaosPlan): Promise<void> {
  const connection = await scene.connect();
  try {
    const filled = Array.from({ length: accounts }, (_, id) => `(${id},${startingCents / 100n})`);
    await connection.query(`INSERT INTO chaos_accounts (id, balance) VALUES ${filled.join(",")}`);
    for (let at = 0; at < OLD_RECEIPTS; at += 1_000) {
      const old = Array.from({ length: 1_000 }, (_, i) => oldReceipt(at + i));
      await connection.query(
        "INSERT INTO receipts (key_id, idempotency_key, fingerprint, outcome, rows_changed, message_id, published_at, applied_at)" +
          ` VALUES ${old.join(",")}`,
      );
    }
  } finally {
    await connection.end();
  }
}

function oldReceipt(i: number): string {
  const long = "UTC_TIMESTAMP(6) - INTERVAL 60 DAY";
  return `(UNHEX(LPAD(HEX(${i}),32,'0')),'old-${i}',UNHEX(REPEAT('00',32)),'applied',1,'${i}',${long},${long})`;
}

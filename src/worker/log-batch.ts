import type { Log } from "../telemetry/log.ts";
import { readTraceContext } from "../telemetry/trace-context.ts";
import type { Committed } from "./lanes.ts";

/** At level `debug` a line a batch, at `trace` one a delivery, too; at any other level nothing is done. */
export function logBatch(log: Log, { batch, settlements, taken, times, failures }: Committed): void {
  if (!log.isLevelEnabled("debug")) return;
  const outcomes: Record<string, number> = {};
  for (const { outcome } of settlements) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const ms = Math.round((times.committed - taken) * 10) / 10;
  log.debug({ size: batch.length, ms, tries: failures.length + 1, ...outcomes }, "a batch is committed");
  if (!log.isLevelEnabled("trace")) return;
  for (const [i, { delivery, decoded }] of batch.entries()) {
    const settlement = settlements[i];
    log.trace(
      {
        key: decoded.key,
        messageId: delivery.messageId,
        outcome: settlement?.outcome,
        code: settlement?.outcome === "rejected" ? settlement.rejection.code : undefined,
        trace: readTraceContext(delivery.attributes),
      },
      "an update is settled",
    );
  }
}

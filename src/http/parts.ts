import type { Rules as ReplayRules } from "../apply/replay-plan.ts";
import type { Encode } from "../messages/encode.ts";
import type { UpdateLimits } from "../messages/decode.ts";
import type { Principal } from "../messages/principal.ts";
import type { Store } from "../store/store.ts";
import type { Registry } from "../tables/definition.ts";
import type { LogLevelSwitch } from "../telemetry/log-level.ts";
import type { SidecarMetrics } from "../telemetry/sidecar-metrics.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { Access } from "./access.ts";
import type { Outbox } from "./outbox.ts";
import type { Readiness } from "./readiness.ts";
import type { ReceiptWaits } from "./receipt-waits.ts";
import type { Turns } from "./turns.ts";

/** What the routes are given. */
export interface SidecarParts {
  readonly registry: Registry;
  readonly limits: UpdateLimits;
  readonly encode: Encode;
  readonly outbox: Outbox;
  readonly database: Database;
  readonly waits: ReceiptWaits;
  readonly access: Access;
  readonly readiness: Readiness;
  /** By which what takes the processor long is cut into slices. */
  readonly turns: Turns;
  readonly metrics: SidecarMetrics;
  readonly logLevel: LogLevelSwitch;
  /** undefined: requests are not traced. */
  readonly tracing?: Tracing | undefined;
  /** When a dead letter may be published again. */
  readonly replays: Omit<ReplayRules, "newKey" | "newKeyBy">;
  readonly options: SidecarOptions;
}

export interface SidecarOptions {
  /** Items in one `POST /updates` at the most. */
  readonly batchItems: number;
  /** Longest `Prefer: wait=N`, in seconds. */
  readonly longestWait: number;
  /** How long `POST /update/{table}` waits, in seconds. */
  readonly flatRowWait: number;
  /** Bytes of a request's body at the most. */
  readonly bodyBytes: number;
  /** The worker's health server; undefined: there is none. */
  readonly workerUrl: string | undefined;
  /** Requests of one principal in a second at the most; 0: no limit. */
  readonly ratePerSecond: number;
  /** Origins whose pages may read the answers. */
  readonly corsOrigins: readonly string[];
}

/** The database of the receipts and rows, opened when it is first asked for. */
export interface Database {
  /** False: this sidecar only publishes. */
  readonly configured: boolean;
  /** Rejects with an {@link HttpProblem}: `no_database`, `database_unavailable`. */
  store(): Promise<Store>;
}

export type { Principal };

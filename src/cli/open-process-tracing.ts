import type { Config } from "../config.ts";
import { sparing } from "../telemetry/sparing.ts";
import { openTracing, type Tracing } from "../telemetry/tracing.ts";
import { version } from "./version.ts";

/** What is said when spans could not be sent. */
export const UNSENT = "spans could not be sent; they are lost";

/**
 * The tracing that is configured, if any; `name` is the process' own, for the case that no `OTEL_SERVICE_NAME` is set. `say`
 * hears of spans that could not be sent, once in 10 s at the most.
 */
export function openProcessTracing(
  { tracing, pubsub }: Config,
  name: string,
  say: (error: unknown, more: number) => void,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return Promise.resolve(undefined);
  const { serviceName = name, resource, ...rest } = tracing;
  const here = { "cloud.provider": "gcp", "cloud.account.id": pubsub.project, ...resource };
  return openTracing({ ...rest, serviceName, resource: here, version, failed: sparing(say) });
}

import type { Config } from "../config.ts";
import type { Sidecar } from "../http/open-sidecar.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import { registry } from "../tables/registry.ts";
import { createLog } from "../telemetry/log.ts";
import { assembleSidecar } from "./assemble-sidecar.ts";

/** The sidecar of a local stack: on the configured port, or on a free one when that is taken. It knows the stack's worker. */
export async function openDevSidecar(
  config: Config,
  client: PubSubClient,
  workerUrl: string,
): Promise<Sidecar> {
  const log = createLog({ level: "fatal" });
  const open = (port: number) =>
    assembleSidecar({ ...config, http: { ...config.http, port, workerUrl } }, registry, client, log);
  try {
    return await open(config.http.port);
  } catch (error) {
    if (((error as Error).cause as { code?: string } | undefined)?.code !== "EADDRINUSE") throw error;
    return open(0);
  }
}

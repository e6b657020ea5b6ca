import { once } from "node:events";
import { Command } from "commander";
import { openPubSub } from "../pubsub/client.ts";
import { registry } from "../tables/registry.ts";
import { createLog } from "../telemetry/log.ts";
import { assembleSidecar } from "./assemble-sidecar.ts";
import type { CliContext } from "./context.ts";
import { version } from "./version.ts";

/** `rowpost sidecar`: HTTP to the topic, receipts, rows and health, until SIGTERM or SIGINT. */
export function sidecarCommand(context: CliContext): Command {
  return new Command("sidecar")
    .description("Serves HTTP: publishes updates, answers with receipts and rows, until SIGTERM")
    .action(() => runSidecar(context));
}

async function runSidecar(context: CliContext): Promise<void> {
  const config = context.config();
  const log = createLog({ level: config.logLevel });
  await using client = openPubSub({ project: config.pubsub.project, emulatorHost: context.emulatorHost });
  await using sidecar = await assembleSidecar(config, registry, client, log);
  log.info({ version, http: `http://${config.http.host}:${sidecar.port}` }, "rowpost sidecar starts");
  if (!context.signal.aborted) await once(context.signal, "abort");
  log.info({ signal: context.signal.reason }, "stopping");
  await sidecar.close();
  log.info("stopped");
}

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { openPubSub } from "../pubsub/client.ts";
import type { Registry } from "../tables/definition.ts";
import { createLog } from "../telemetry/log.ts";
import { assembleSidecar } from "./assemble-sidecar.ts";
import { openProcessTracing, UNSENT } from "./open-process-tracing.ts";
import type { CliContext } from "./context.ts";
import { giveMemoryBack } from "./give-memory-back.ts";
import { version } from "./version.ts";

/** `rowpost sidecar`: HTTP to the topic, receipts, rows and health, until SIGTERM or SIGINT. */
export function sidecarCommand(context: CliContext): Command {
  return new Command("sidecar")
    .description("Serves HTTP: publishes updates, answers with receipts and rows, until SIGTERM")
    .action(async () => runSidecar(context, (await import("../tables/registry.ts")).registry));
}

/** A sidecar of these tables, until it is told to stop. Waits for nothing: it publishes as soon as it listens, and what is missing is told by `/readyz`. */
export async function runSidecar(context: CliContext, registry: Registry): Promise<void> {
  const config = context.config();
  const { http, pubsub, worker, database } = config;
  const log = createLog({
    level: config.logLevel,
    labels: { process: "sidecar", version },
    project: pubsub.project,
  });
  await using tracing = await openProcessTracing(config, "rowpost-sidecar", (err, more) =>
    log.warn({ err, more }, UNSENT),
  );
  await using client = openPubSub({ project: pubsub.project, emulatorHost: context.emulatorHost });
  await using sidecar = await assembleSidecar(config, registry, client, log, tracing);
  using _memory = giveMemoryBack();
  const place = { http: `http://${http.host}:${sidecar.port}`, topic: pubsub.topic };
  log.info({ version, ...place, receipts: database.address !== undefined }, "rowpost sidecar starts");
  if (config.access.auth.kind === "none")
    log.warn("AUTH=none: whoever reaches this port may publish, and read and operate what it serves");
  if (!context.signal.aborted) await once(context.signal, "abort");
  log.info({ signal: context.signal.reason }, "stopping");
  const closed = sidecar.close().then(() => true);
  const inTime = await Promise.race([closed, delay(worker.graceSeconds * 1000, false, { ref: false })]);
  if (inTime) log.info("stopped");
  else log.warn("the grace period is over; what is not closed yet is cut off");
}

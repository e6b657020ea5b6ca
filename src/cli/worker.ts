import { once } from "node:events";
import { Command } from "commander";
import { openPubSub } from "../pubsub/client.ts";
import type { Registry } from "../tables/definition.ts";
import { createLog } from "../telemetry/log.ts";
import { LogLevelSwitch } from "../telemetry/log-level.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { openHealthServer } from "../worker/health-server.ts";
import { observe } from "../worker/observe.ts";
import { assembleWorker } from "./assemble-worker.ts";
import type { CliContext } from "./context.ts";
import { giveMemoryBack } from "./give-memory-back.ts";
import { openProcessTracing, UNSENT } from "./open-process-tracing.ts";
import { version } from "./version.ts";

/** `rowpost worker`: pulls, applies, settles, until SIGTERM or SIGINT. */
export function workerCommand(context: CliContext): Command {
  return new Command("worker")
    .description("Pulls updates, applies them to MySQL and settles them, until SIGTERM")
    .action(async () => runWorker(context, (await import("../tables/registry.ts")).registry));
}

/** A worker of these tables, until it is told to stop. */
export async function runWorker(context: CliContext, registry: Registry): Promise<void> {
  const config = context.config();
  const { project, subscription } = config.pubsub;
  const log = createLog({ level: config.logLevel, labels: { process: "worker", version }, project });
  using logLevel = new LogLevelSwitch(log);
  using metrics = new Metrics({ version, tables: registry.keys(), process });
  await using client = openPubSub({ project, emulatorHost: context.emulatorHost });
  await using tracing = await openProcessTracing(config, "rowpost-worker", (err, more) =>
    log.warn({ err, more }, UNSENT),
  );
  const observer = observe(log, metrics, tracing && { tracing, subscription });
  const { worker, updates } = assembleWorker(config, registry, client, observer, tracing);
  metrics.read({ queue: () => worker.queue, outstandingMessages: () => updates.outstandingMessages });
  const { host, port } = config.worker;
  await using health = await openHealthServer({
    host,
    port,
    logLevel,
    health: () => worker.health,
    metrics: (accept) => metrics.expose(accept),
  });
  log.info(
    { version, health: `http://${host}:${health.port}`, tables: [...registry.keys()] },
    "rowpost worker starts",
  );
  using _memory = giveMemoryBack();
  worker.start();
  if (!context.signal.aborted) await once(context.signal, "abort");
  log.info({ signal: context.signal.reason }, "stopping");
  await worker.stop();
  log.info("stopped");
}

import { once } from "node:events";
import { Command } from "commander";
import { openPubSub } from "../pubsub/client.ts";
import { registry } from "../tables/registry.ts";
import { createLog } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { openHealthServer } from "../worker/health-server.ts";
import { observe } from "../worker/observe.ts";
import { assembleWorker } from "./assemble-worker.ts";
import { type CliContext, databaseOptions } from "./context.ts";
import { version } from "./version.ts";

/** `rowpost worker`: pulls, applies, settles, until SIGTERM or SIGINT. */
export function workerCommand(context: CliContext): Command {
  return new Command("worker")
    .description("Pulls updates, applies them to MySQL and settles them, until SIGTERM")
    .action(() => runWorker(context));
}

async function runWorker(context: CliContext): Promise<void> {
  const config = context.config();
  databaseOptions(config);
  const log = createLog({ level: config.logLevel });
  using metrics = new Metrics({ version, tables: registry.keys(), process });
  await using client = openPubSub({ project: config.pubsub.project, emulatorHost: context.emulatorHost });
  const { worker, updates } = assembleWorker(config, registry, client, observe(log, metrics));
  metrics.read({ queue: () => worker.queue, outstandingMessages: () => updates.outstandingMessages });
  const { host, port } = config.worker;
  await using health = await openHealthServer({
    host,
    port,
    health: () => worker.health,
    metrics: (accept) => metrics.expose(accept),
  });
  log.info(
    { version, health: `http://${host}:${health.port}`, tables: [...registry.keys()] },
    "rowpost worker starts",
  );
  worker.start();
  if (!context.signal.aborted) await once(context.signal, "abort");
  log.info({ signal: context.signal.reason }, "stopping");
  await worker.stop();
  log.info("stopped");
}

import { once } from "node:events";
import { join } from "node:path";
import { Command } from "commander";
import { openPubSub } from "../pubsub/client.ts";
import type { Publisher } from "../pubsub/port.ts";
import { applyTopology } from "../pubsub/topology.ts";
import { migrateUp } from "../store/migrate.ts";
import { openStore } from "../store/open-store.ts";
import { registry } from "../tables/registry.ts";
import { createLog } from "../telemetry/log.ts";
import { LogLevelSwitch } from "../telemetry/log-level.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { openHealthServer } from "../worker/health-server.ts";
import { observe } from "../worker/observe.ts";
import { assembleWorker } from "./assemble-worker.ts";
import { type CliContext, CliError, databaseOptions } from "./context.ts";
import { DevObserver } from "./dev-observer.ts";
import { showSamples } from "./dev-samples.ts";
import { openDevSidecar } from "./dev-sidecar.ts";
import { type DevStack, openDevStack } from "./dev-stack.ts";
import { createUpdatePublisher } from "./update-publisher.ts";
import { version } from "./version.ts";

/** `rowpost dev`: a whole stack on this machine, with sample updates, until Ctrl-C. */
export function devCommand(context: CliContext): Command {
  return new Command("dev")
    .description(
      "Starts MySQL, a Pub/Sub broker, the worker and the sidecar here, sends sample updates, and stays until Ctrl-C",
    )
    .option("--once", "end as soon as the samples are settled")
    .action(async ({ once: ends }: { readonly once?: true }) => {
      const say = (line: string) => context.stdout.write(`${line}\n`);
      say("rowpost: a whole stack on this machine");
      await using stack = await openDevStack(context, join(".rowpost", `dev-${process.pid}`));
      say(`  database   ${stack.mysql.origin}`);
      say(`  broker     ${stack.emulator.origin}`);
      await migrate(stack, say);
      await run(context, stack, say, ends === true);
    });
}

async function migrate({ config }: DevStack, say: (line: string) => void): Promise<void> {
  await using store = await openStore(databaseOptions(config), registry, 4);
  const result = await migrateUp(store);
  if (result.outcome !== "done") throw new CliError(`the migrations did not run: ${JSON.stringify(result)}`);
  say(`  tables     ${[...registry.keys()].join(", ")} (${result.ran.length} migrations run)`);
}

async function run(
  context: CliContext,
  stack: DevStack,
  say: (line: string) => void,
  ends: boolean,
): Promise<void> {
  const { config } = stack;
  const { project } = config.pubsub;
  await using client = openPubSub({ project, emulatorHost: stack.emulator.host });
  await applyTopology(client, config.pubsub);
  using metrics = new Metrics({ version, tables: registry.keys(), process });
  const log = createLog({ level: "fatal" });
  using logLevel = new LogLevelSwitch(log);
  const observer = new DevObserver(say, observe(log, metrics));
  const { worker, updates } = assembleWorker(config, registry, client, observer);
  metrics.read({ queue: () => worker.queue, outstandingMessages: () => updates.outstandingMessages });
  await using running = worker;
  const { host } = config.worker;
  await using health = await openHealthServer({
    host,
    port: 0,
    logLevel,
    health: () => running.health,
    metrics: (accept) => metrics.expose(accept),
  });
  running.start();
  await observer.until(() => observer.open, context.signal);
  const workerUrl = `http://${host}:${health.port}`;
  say(`  worker     pulls ${config.pubsub.subscription}; health and metrics at ${workerUrl}`);
  await using sidecar = await openDevSidecar(config, client, workerUrl);
  const url = `http://${config.http.host}:${sidecar.port}`;
  say(`  sidecar    serves ${url}`);
  await sendSamples(context, createUpdatePublisher(client, config.pubsub.topic), url, observer);
  if (ends || context.signal.aborted) return;
  say(howToGoOn(stack, url));
  if (!context.signal.aborted) await once(context.signal, "abort");
  say("stopping");
}

async function sendSamples(
  context: CliContext,
  publisher: Publisher,
  url: string,
  observer: DevObserver,
): Promise<void> {
  try {
    await showSamples(context, { publisher, url, observer });
  } finally {
    await publisher.close();
  }
}

function howToGoOn({ config, emulator, mysql }: DevStack, url: string): string {
  const { database, pubsub } = config;
  const own = mysql.ownLogin;
  const variables =
    own === undefined
      ? "and the variables by which the database was found here"
      : `INSTANCE_HOST=${own.address.host} DB_PORT=${own.address.port} DB_USER=${own.user} DB_PASS=${own.password} DB_NAME=${database.name}`;
  return `
In a browser: ${url}/
From another terminal:
  curl -i ${url}/updates -H 'content-type: application/json' -H 'prefer: wait=10' \\
    -d '{"table":"customers","op":"upsert","key":{"customerID":"c-42"},"set":{"firstName":"Ada"}}'
To use the commands from another terminal (${mysql.origin}):
  export PUBSUB_EMULATOR_HOST=${emulator.host} GOOGLE_CLOUD_PROJECT=${pubsub.project}
  ${own === undefined ? "" : "export "}${variables}
  npm run rowpost -- dead-letters list
  npm run rowpost -- publish FILE
Ctrl-C stops all of it and leaves nothing behind.`;
}

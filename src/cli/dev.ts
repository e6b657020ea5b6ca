import { once } from "node:events";
import { join } from "node:path";
import { Command } from "commander";
import { sampleUpdates } from "../local/samples.ts";
import { openPubSub } from "../pubsub/client.ts";
import { createPublisher } from "../pubsub/publisher.ts";
import { applyTopology } from "../pubsub/topology.ts";
import { migrateUp } from "../store/migrate.ts";
import { openStore } from "../store/open-store.ts";
import { registry } from "../tables/registry.ts";
import { createLog } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { openHealthServer } from "../worker/health-server.ts";
import { observe } from "../worker/observe.ts";
import { assembleWorker } from "./assemble-worker.ts";
import { addressText, type CliContext, CliError, databaseOptions } from "./context.ts";
import { DevObserver } from "./dev-observer.ts";
import { type DevStack, openDevStack } from "./dev-stack.ts";
import { printTable, widthOf } from "./print-table.ts";
import { version } from "./version.ts";

/** `rowpost dev`: a whole stack on this machine, with sample updates, until Ctrl-C. */
export function devCommand(context: CliContext): Command {
  return new Command("dev")
    .description(
      "Starts MySQL, a Pub/Sub broker and the worker here, sends sample updates, and stays until Ctrl-C",
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
  const observer = new DevObserver(say, observe(createLog({ level: "fatal" }), metrics));
  const { worker, updates } = assembleWorker(config, registry, client, observer);
  metrics.read({ queue: () => worker.queue, outstandingMessages: () => updates.outstandingMessages });
  await using running = worker;
  const { host } = config.worker;
  await using health = await openHealthServer({
    host,
    port: 0,
    health: () => running.health,
    metrics: (accept) => metrics.expose(accept),
  });
  running.start();
  await observer.until(() => observer.open, context.signal);
  say(
    `  worker     pulls ${config.pubsub.subscription}; health and metrics at http://${host}:${health.port}`,
  );
  const publisher = createPublisher(client, config.pubsub.topic);
  try {
    await showSamples(context, observer, publisher);
  } finally {
    await publisher.close();
  }
  if (ends || context.signal.aborted) return;
  say(howToGoOn(stack));
  if (!context.signal.aborted) await once(context.signal, "abort");
  say("stopping");
}

async function showSamples(
  context: CliContext,
  observer: DevObserver,
  publisher: { publish(data: Buffer, attributes: Record<string, string>): Promise<string> },
): Promise<void> {
  const started = Date.now();
  const rows: string[][] = [];
  for (const { key, shows, update, expected } of sampleUpdates(started.toString(36), started)) {
    const settled = observer.next(key, context.signal);
    await publisher.publish(Buffer.from(JSON.stringify(update)), { "idempotency-key": key });
    const outcome = await settled;
    rows.push([key, shows, outcome, outcome === expected ? "" : `expected ${expected}`]);
  }
  const titles = ["update", "what it shows", "what became of it", ""].map((title) => ({ title }));
  const table = printTable(
    titles,
    rows.map((cells) => ({ cells })),
    widthOf(context.stdout),
  );
  context.stdout.write(`\n${table}\n${rows.length} sample updates settled in ${Date.now() - started} ms\n`);
}

function howToGoOn({ config, emulator, mysql }: DevStack): string {
  const { database, pubsub } = config;
  const { address, password } = mysql.login;
  const pass = password === "" ? "" : ` DB_PASS=${password}`;
  const host = address.kind === "tcp" ? `INSTANCE_HOST=${address.host} DB_PORT=${address.port}` : "";
  const socket = address.kind === "socket" ? `INSTANCE_UNIX_SOCKET=${address.path}` : "";
  return `
To use it from another terminal (MySQL at ${addressText(address)}):
  export PUBSUB_EMULATOR_HOST=${emulator.host} GOOGLE_CLOUD_PROJECT=${pubsub.project}
  export ${host}${socket} DB_USER=${database.user}${pass} DB_NAME=${database.name}
  npm run rowpost -- dead-letters list
  npm run rowpost -- publish FILE
Ctrl-C stops all of it and leaves nothing behind.`;
}

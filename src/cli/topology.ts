import { Command, Option } from "commander";
import type { Config } from "../config.ts";
import { AVRO_ENCODINGS, AVRO_SCHEMA_TEXT, type AvroEncoding } from "../messages/avro-schema.ts";
import type { WantedSchema } from "../pubsub/apply-schema.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import { type CliContext, CliError } from "./context.ts";
import { changeLine, grantedText } from "./granted-text.ts";
import { type PrintRow, printTable, widthOf } from "./print-table.ts";

/** `rowpost topology apply|commands|show`: the topics and subscriptions that the configuration names. */
export function topologyCommand(context: CliContext): Command {
  return new Command("topology")
    .description("Creates and shows the topics and subscriptions of Pub/Sub")
    .addCommand(
      withSchemaOptions(
        new Command("apply").description(
          "Creates what is missing and updates what differs; again, it changes nothing",
        ),
      ).action((flags: SchemaFlags) =>
        withPubSub(context, (client, config) => apply(context, client, config, wantedSchema(config, flags))),
      ),
    )
    .addCommand(
      withSchemaOptions(
        new Command("commands").description(
          "Prints gcloud commands that make the same in an empty project; sends nothing",
        ),
      ).action((flags: SchemaFlags) =>
        withPubSub(context, (client, config) =>
          commands(context, client, config, wantedSchema(config, flags)),
        ),
      ),
    )
    .addCommand(
      new Command("show")
        .description("Shows what there is of it and whether it is as configured; changes nothing")
        .action(() => withPubSub(context, (client, config) => show(context, client, config))),
    );
}

function withSchemaOptions(command: Command): Command {
  return command
    .option("--schema", "also give the topic the Avro schema of updates, under the name PUBSUB_SCHEMA")
    .addOption(
      new Option("--schema-encoding <encoding>", "how its messages are written (default: as now, else JSON)")
        .choices(AVRO_ENCODINGS)
        .implies({ schema: true }),
    );
}

interface SchemaFlags {
  readonly schema?: true;
  readonly schemaEncoding?: AvroEncoding;
}

type PubSubConfig = Config["pubsub"];

function wantedSchema(
  { schema: name }: PubSubConfig,
  { schema, schemaEncoding }: SchemaFlags,
): WantedSchema | undefined {
  return schema && { name, definition: AVRO_SCHEMA_TEXT, encoding: schemaEncoding };
}

async function withPubSub(
  context: CliContext,
  work: (client: PubSubClient, config: PubSubConfig) => Promise<void>,
): Promise<void> {
  const { pubsub } = context.config();
  const { openPubSub } = await import("../pubsub/client.ts");
  const { PubSubError } = await import("../pubsub/trouble.ts");
  await using client = openPubSub({ project: pubsub.project, emulatorHost: context.emulatorHost });
  try {
    await work(client, pubsub);
  } catch (error) {
    throw error instanceof PubSubError ? new CliError(error.message, 1, { cause: error }) : error;
  }
}

async function apply(
  context: CliContext,
  client: PubSubClient,
  config: PubSubConfig,
  schema: WantedSchema | undefined,
): Promise<void> {
  const { applyTopology } = await import("../pubsub/topology.ts");
  const { changes, faults } = await applyTopology(client, config, schema);
  for (const change of changes) context.stdout.write(changeLine(change));
  if (faults.length > 0) throw new CliError(faults.join("\n"));
  const { grantDeadLetters } = await import("../pubsub/grant-dead-letters.ts");
  const { grantCommands } = await import("../pubsub/gcloud-commands.ts");
  const granted = await grantDeadLetters(client, config);
  context.stdout.write(grantedText(granted, grantCommands(client, config)));
}

async function commands(
  context: CliContext,
  client: PubSubClient,
  config: PubSubConfig,
  schema: WantedSchema | undefined,
): Promise<void> {
  const { gcloudCommands } = await import("../pubsub/gcloud-commands.ts");
  for (const command of gcloudCommands(client, config, schema)) context.stdout.write(`${command}\n`);
}

async function show(context: CliContext, client: PubSubClient, config: PubSubConfig): Promise<void> {
  const { describeTopology } = await import("../pubsub/describe-topology.ts");
  const described = await describeTopology(client, config, AVRO_SCHEMA_TEXT);
  const short = (name: string) =>
    name.replace(/^projects\/([^/]+)\/[a-z]+\/(.+)$/, (full, project, last) =>
      project === client.project ? last : full,
    );
  const rows = described.map(
    ({ kind, name, state, details }): PrintRow => ({ cells: [kind, state, short(name)], below: details }),
  );
  const columns = [{ title: "KIND" }, { title: "STATE" }, { title: "NAME" }] as const;
  context.stdout.write(`project ${client.project} at ${client.address}\n\n`);
  context.stdout.write(printTable(columns, rows, widthOf(context.stdout)));
  context.exitCode(described.every(({ state }) => state === "as configured") ? 0 : 1);
}

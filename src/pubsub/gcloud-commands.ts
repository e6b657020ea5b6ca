import type { PubSubClient } from "./client.ts";
import { agentProject, deadLetterGrants } from "./dead-letter-grants.ts";
import type { WantedSchema } from "./apply-schema.ts";
import { schemaName } from "./live-schema.ts";
import { secondsOf, type SubscriptionSettings, subscriptionRequest } from "./subscription-settings.ts";
import type { TopologyConfig } from "./topology.ts";
import { wantedTopology } from "./wanted-topology.ts";

/**
 * Commands for a shell that make in an empty project what `applyTopology` and `grantDeadLetters` make, in this order. All
 * names are full, so they need no default project. Sends nothing.
 */
export function gcloudCommands(
  client: PubSubClient,
  config: TopologyConfig,
  schema?: WantedSchema,
): readonly string[] {
  const { topics, subscriptions } = wantedTopology(client, config);
  const made = schema === undefined ? [] : [schemaCommand(client, schema)];
  const attached = schema === undefined ? [] : schemaOptions(client, schema);
  return [
    ...made,
    ...topics.map((name, index) => gcloud("topics", "create", name, ...(index === 0 ? attached : []))),
    ...subscriptions.map(([name, settings]) =>
      gcloud("subscriptions", "create", client.api.subscription(name).name, ...subscriptionOptions(settings)),
    ),
    ...grantCommands(client, config),
  ];
}

/** Commands for a shell that make the grants of the dead-letter policy; they ask for the project's number themselves. */
export function grantCommands(
  client: PubSubClient,
  config: Pick<TopologyConfig, "subscription" | "backstopTopic">,
): readonly string[] {
  const project = quoted(agentProject(client, config));
  const number = `$(gcloud projects describe ${project} --format='value(projectNumber)')`;
  const member = `--member="serviceAccount:service-${number}@gcp-sa-pubsub.iam.gserviceaccount.com"`;
  return deadLetterGrants(client, config).map(
    ({ kind, name, role }) =>
      `${gcloud(`${kind}s`, "add-iam-policy-binding", name)} ${member} ${quoted(`--role=${role}`)}`,
  );
}

function schemaCommand(client: PubSubClient, { name, definition }: WantedSchema): string {
  // A schema's command takes the project apart from the name.
  const [, project = "", id = ""] = /^projects\/([^/]+)\/schemas\/(.+)$/.exec(schemaName(client, name)) ?? [];
  const text = JSON.stringify(JSON.parse(definition));
  return gcloud("schemas", "create", id, `--project=${project}`, "--type=avro", `--definition=${text}`);
}

function schemaOptions(client: PubSubClient, { name, encoding }: WantedSchema): readonly string[] {
  return [`--schema=${schemaName(client, name)}`, `--message-encoding=${(encoding ?? "JSON").toLowerCase()}`];
}

function subscriptionOptions(settings: SubscriptionSettings): readonly string[] {
  const { ackDeadlineSeconds, messageRetentionDuration, retryPolicy } = subscriptionRequest(settings);
  const { deadLetter } = settings;
  return [
    `--topic=${settings.topic}`,
    `--ack-deadline=${ackDeadlineSeconds}`,
    `--message-retention-duration=${secondsOf(messageRetentionDuration)}s`,
    "--expiration-period=never",
    `--min-retry-delay=${secondsOf(retryPolicy?.minimumBackoff)}s`,
    `--max-retry-delay=${secondsOf(retryPolicy?.maximumBackoff)}s`,
    ...(deadLetter === undefined
      ? []
      : [`--dead-letter-topic=${deadLetter.topic}`, `--max-delivery-attempts=${deadLetter.maxAttempts}`]),
  ];
}

function gcloud(...words: readonly string[]): string {
  return ["gcloud", "pubsub", ...words].map(quoted).join(" ");
}

/** A word as a POSIX shell reads it back unchanged (POSIX, "Shell Command Language", 2.2.2 Single-Quotes). */
function quoted(word: string): string {
  return /^[\w./:=,%+~@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

import type { CallOptions, protos } from "@google-cloud/pubsub";
import type { PubSubClient } from "./client.ts";
import { attachedSchema, DELETED_SCHEMA, readSchema, type SchemaEncoding } from "./live-schema.ts";
import { recordOf, relationOf } from "./schema-definition.ts";
import { nameOf, PubSubError, type Resource, statusOf } from "./trouble.ts";

/** How messages must be written for a topic. */
export type TopicSchema =
  | { readonly kind: "none" }
  | { readonly kind: "ours"; readonly encoding: SchemaEncoding }
  /** This account may not ask: whether the topic has a schema shows when the broker refuses a message. */
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Asks the broker which schema a topic has. Needs roles/pubsub.viewer; without it, and for a topic that does not exist, the
 * answer is `unknown`. Rejects with a PubSubError when the broker does not answer, and when the topic's schema is not `definition`.
 */
export async function readTopicSchema(
  client: PubSubClient,
  topic: string,
  definition: string,
  call: CallOptions,
): Promise<TopicSchema> {
  const { project, address } = client;
  const resource: Resource = { kind: "topic", name: topic, project, address, purpose: "read" };
  let metadata: protos.google.pubsub.v1.ITopic;
  try {
    [metadata] = await client.api.topic(topic).getMetadata(call);
  } catch (error) {
    const trouble = new PubSubError(resource, error);
    if (MAY_NOT_ASK.has(statusOf(error) ?? "")) return { kind: "unknown", reason: trouble.message };
    throw trouble;
  }
  const attached = attachedSchema(metadata);
  if (attached === undefined) return { kind: "none" };
  const { name, encoding } = attached;
  const live = name === DELETED_SCHEMA ? undefined : await readSchema(client, name, "read", call);
  if (live === undefined)
    throw unusable(resource, `its schema has been deleted, so it takes no message; ${APPLY}`);
  const schema = nameOf({ kind: "schema", name, project });
  if (!live.avro || relationOf(live.definition, definition) === "other") {
    const found = live.avro ? recordOf(live.definition) : "no Avro";
    throw unusable(
      resource,
      `it has the ${schema} (${found}), which is not that of updates; name another topic`,
    );
  }
  if (relationOf(live.definition, definition) === "other form") {
    throw unusable(resource, `the ${schema} is not as this version writes updates; ${APPLY}`);
  }
  if (encoding === undefined)
    throw unusable(resource, `the encoding of its schema is neither JSON nor BINARY; ${APPLY}`);
  return { kind: "ours", encoding };
}

const MAY_NOT_ASK: ReadonlySet<string> = new Set(["PERMISSION_DENIED", "NOT_FOUND"]);
const APPLY = 'run "rowpost topology apply --schema"';

function unusable(resource: Resource, why: string): PubSubError {
  return new PubSubError({ ...resource, purpose: "publish to" }, new Error(why));
}

import type { CallOptions, protos } from "@google-cloud/pubsub";
import { attemptToFind } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import type { Resource } from "./trouble.ts";

/** How the messages of a topic with a schema are written. */
export const SCHEMA_ENCODINGS = ["JSON", "BINARY"] as const;
export type SchemaEncoding = (typeof SCHEMA_ENCODINGS)[number];

/** What stands in a topic's settings when its schema has been deleted: it then takes no message. */
export const DELETED_SCHEMA = "_deleted-schema_";

/** The schema of a topic, as its settings name it. */
export interface AttachedSchema {
  /** The full name, or {@link DELETED_SCHEMA}. */
  readonly name: string;
  /** undefined: none of those that rowpost knows. */
  readonly encoding: SchemaEncoding | undefined;
}

/** The schema in a topic's metadata; undefined when it has none. */
export function attachedSchema({
  schemaSettings,
}: protos.google.pubsub.v1.ITopic): AttachedSchema | undefined {
  const { schema: name, encoding } = schemaSettings ?? {};
  if (!name) return undefined;
  return { name, encoding: SCHEMA_ENCODINGS.find((known) => known === encoding) };
}

/** A schema's newest revision. */
export interface LiveSchema {
  readonly avro: boolean;
  readonly definition: string;
  readonly revision: string;
}

/** The full name of a schema, from a short or full one. */
export function schemaName(client: PubSubClient, name: string): string {
  return name.includes("/") ? name : `projects/${client.project}/schemas/${name}`;
}

/** Reads a schema by its full name; undefined when it does not exist. Rejects with a PubSubError. */
export async function readSchema(
  client: PubSubClient,
  name: string,
  purpose: Resource["purpose"],
  call: CallOptions,
): Promise<LiveSchema | undefined> {
  const found = await attemptToFind(schemaResource(client, name, purpose), async () => {
    const schemas = await client.api.getSchemaClient();
    return schemas.getSchema({ name, view: "FULL" }, call);
  });
  if (found === undefined) return undefined;
  const { type, definition, revisionId } = found[0];
  return { avro: type === "AVRO", definition: definition ?? "", revision: revisionId ?? "" };
}

export function schemaResource(client: PubSubClient, name: string, purpose: Resource["purpose"]): Resource {
  return { kind: "schema", name, project: client.project, address: client.address, purpose };
}

import type { protos } from "@google-cloud/pubsub";
import { ADMIN_CALL, attempt, attemptToCreate } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import {
  attachedSchema,
  DELETED_SCHEMA,
  readSchema,
  type SchemaEncoding,
  schemaName,
  schemaResource,
} from "./live-schema.ts";
import { recordOf, relationOf } from "./schema-definition.ts";
import type { TopologyChange } from "./topology.ts";
import { nameOf, type Resource } from "./trouble.ts";

/** The schema that a topic is to have. */
export interface WantedSchema {
  /** Short or full. */
  readonly name: string;
  readonly definition: string;
  /** undefined: as it is, JSON for a topic that had none. */
  readonly encoding: SchemaEncoding | undefined;
}

/** What was done, or one sentence why it can't be. */
export type AppliedSchema = { readonly change: TopologyChange } | { readonly fault: string };

/**
 * Makes the schema be as wanted: creates it, or commits a revision when the newest one says something else. A schema that
 * somebody else made for something else is left as it is. Rejects with a PubSubError.
 */
export async function applySchema(client: PubSubClient, wanted: WantedSchema): Promise<AppliedSchema> {
  const name = schemaName(client, wanted.name);
  const resource = schemaResource(client, name, "look after");
  const what = nameOf(resource);
  const schemas = await client.api.getSchemaClient();
  const schema = { name, type: "AVRO", definition: wanted.definition } as const;
  let live = await readSchema(client, name, "look after", ADMIN_CALL);
  if (live === undefined) {
    const [, project = "", schemaId = ""] = /^projects\/([^/]+)\/schemas\/(.+)$/.exec(name) ?? [];
    const request = { parent: `projects/${project}`, schemaId, schema: { ...schema, name: "" } };
    if (await attemptToCreate(resource, () => schemas.createSchema(request, ADMIN_CALL))) {
      return { change: { resource: what, action: "created", detail: "new" } };
    }
    live = await readSchema(client, name, "look after", ADMIN_CALL);
  }
  const relation = live?.avro === true ? relationOf(live.definition, wanted.definition) : "other";
  if (relation === "other") {
    const found = live?.avro === true ? recordOf(live.definition) : "no Avro";
    return { fault: `${what} is not one of updates (${found}): set PUBSUB_SCHEMA to another name.` };
  }
  if (relation === "same") {
    return { change: { resource: what, action: "unchanged", detail: `revision ${live?.revision}` } };
  }
  const [made] = await attempt(resource, () => schemas.commitSchema({ name, schema }, ADMIN_CALL));
  const detail = `revision ${live?.revision} → revision ${made.revisionId}`;
  return { change: { resource: what, action: "updated", detail } };
}

/** Attaches the schema to a topic that exists. One with another schema is left as it is. Rejects with a PubSubError. */
export async function attachSchema(
  client: PubSubClient,
  topic: string,
  live: protos.google.pubsub.v1.ITopic,
  wanted: WantedSchema,
): Promise<AppliedSchema> {
  const resource: Resource = { ...schemaResource(client, topic, "look after"), kind: "topic" };
  const what = nameOf(resource);
  const schema = schemaName(client, wanted.name);
  const attached = attachedSchema(live);
  const encoding = wanted.encoding ?? attached?.encoding ?? "JSON";
  if (attached !== undefined && attached.name !== schema && attached.name !== DELETED_SCHEMA) {
    const other = nameOf({ ...resource, kind: "schema", name: attached.name });
    return {
      fault: `${what} has the ${other}, not the one that PUBSUB_SCHEMA names: take it off (gcloud pubsub topics update ${topic} --clear-schema-settings) or name another topic.`,
    };
  }
  if (attached?.name === schema && attached.encoding === encoding) {
    return { change: { resource: what, action: "unchanged", detail: `has its schema, in ${encoding}` } };
  }
  const settings = settingsOf(client, { ...wanted, encoding });
  await attempt(resource, () => client.api.topic(topic).setMetadata(settings, ADMIN_CALL));
  const before = attached?.name === schema ? `in ${attached.encoding ?? "no known encoding"}` : "no schema";
  return {
    change: {
      resource: what,
      action: "updated",
      detail: `${before} → schema ${wanted.name}, in ${encoding}`,
    },
  };
}

/** The part of a topic's metadata that attaches the schema. */
export function settingsOf(client: PubSubClient, { name, encoding = "JSON" }: WantedSchema) {
  return { schemaSettings: { schema: schemaName(client, name), encoding } };
}

import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { page, type PageRequest } from "./page.ts";
import { MAX_REQUEST_BYTES, readPublishRequest } from "./publish-request.ts";
import { checkName } from "./resource-name.ts";
import { DELETED_TOPIC, type Resources } from "./resources.ts";
import { checkRetention, notHere, type TopicSettings, withMask } from "./settings.ts";
import { invalid, StatusError } from "./status-error.ts";
import { detachSubscription } from "./subscription-admin.ts";
import { Topic } from "./topic.ts";
import { unary } from "./unary.ts";
import { encodeField } from "./wire.ts";

const CHANGEABLE = [
  "labels",
  "messageStoragePolicy",
  "kmsKeyName",
  "schemaSettings",
  "messageRetentionDuration",
  "messageTransforms",
  "ingestionDataSourceSettings",
];

/** google.pubsub.v1.Publisher */
export function publisherService(resources: Resources): UntypedServiceImplementation {
  const { topics } = resources;
  return {
    CreateTopic: unary((given: TopicSettings) => createTopic(resources, given)),
    GetTopic: unary(({ topic }: { topic: string }) => resources.topic(topic).settings),
    UpdateTopic: unary(({ topic: given, updateMask }: UpdateTopic) => {
      if (given === null) throw invalid("The topic must be set.");
      const topic = resources.topic(given.name);
      topic.settings = checkTopic(
        resources,
        withMask(topic.settings, given, updateMask?.paths ?? [], CHANGEABLE),
      );
      return topic.settings;
    }),
    ListTopics: unary((request: { project: string } & PageRequest) => {
      const ours = [...topics.values()].map(({ settings }) => settings);
      const found = ours.filter(({ name }) => name.startsWith(`${request.project}/`));
      const { items, nextPageToken } = page(found, request);
      return { topics: items, nextPageToken };
    }),
    ListTopicSubscriptions: unary((request: { topic: string } & PageRequest) => {
      const names = [...resources.topic(request.topic).subscriptions].map(({ settings }) => settings.name);
      const { items, nextPageToken } = page(names, request);
      return { subscriptions: items, nextPageToken };
    }),
    DeleteTopic: unary(({ topic }: { topic: string }) => deleteTopic(resources, topic)),
    DetachSubscription: unary(({ subscription }: { subscription: string }) =>
      detachSubscription(resources, subscription),
    ),
    Publish: unary((bytes: Buffer) => publish(resources, bytes), {
      call: "publish",
      faults: resources.faults,
    }),
  };
}

interface UpdateTopic {
  readonly topic: TopicSettings | null;
  readonly updateMask: { readonly paths: readonly string[] } | null;
}

function publish(resources: Resources, bytes: Buffer): Buffer {
  if (bytes.length > MAX_REQUEST_BYTES)
    throw invalid(`Request payload size exceeds the limit: ${MAX_REQUEST_BYTES} bytes.`);
  const ids = resources.publish(readPublishRequest(bytes));
  return Buffer.concat(ids.map((id) => encodeField(1, id)));
}

function createTopic(resources: Resources, given: TopicSettings): TopicSettings {
  checkName("topics", given.name);
  if (resources.topics.has(given.name))
    throw new StatusError(
      "ALREADY_EXISTS",
      `Resource already exists in the project (resource=${given.name}).`,
    );
  const topic = new Topic(checkTopic(resources, { ...given, state: "ACTIVE" }));
  resources.topics.set(given.name, topic);
  return topic.settings;
}

function checkTopic({ schemas }: Resources, settings: TopicSettings): TopicSettings {
  checkRetention(settings.messageRetentionDuration);
  if (settings.ingestionDataSourceSettings != null) throw notHere("ingestion");
  if (settings.messageTransforms.length > 0) throw notHere("message transforms");
  const { schemaSettings } = settings;
  if (schemaSettings === null) return settings;
  if (schemaSettings.encoding === "ENCODING_UNSPECIFIED")
    throw invalid("A topic's schema needs an encoding.");
  for (const revision of [schemaSettings.firstRevisionId, schemaSettings.lastRevisionId]) {
    schemas.get(revision === "" ? schemaSettings.schema : `${schemaSettings.schema}@${revision}`);
  }
  return settings;
}

function deleteTopic(resources: Resources, name: string): object {
  const { subscriptions } = resources.topic(name);
  resources.topics.delete(name);
  for (const subscription of subscriptions)
    subscription.settings = { ...subscription.settings, topic: DELETED_TOPIC };
  return {};
}

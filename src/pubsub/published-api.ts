import { createRequire } from "node:module";

/** The protos of Pub/Sub as Google publishes them with its client, in protobufjs' JSON. */
export function publishedApi(): object {
  return createRequire(import.meta.url)("@google-cloud/pubsub/build/protos/protos.json");
}

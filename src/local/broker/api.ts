import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { publishedApi } from "../../pubsub/published-api.ts";

/** How the JSON-like objects of requests and answers look; what a message leaves out has its default. */
const FORM = { longs: Number, enums: String, defaults: true, arrays: true, objects: true };

const PACKAGE = "google.pubsub.v1";

export type ApiService = "Publisher" | "Subscriber" | "SchemaService";

/** These carry traffic: their messages stay bytes. */
const RAW_REQUESTS = new Set(["Publish"]);
const RAW_ANSWERS = new Set(["Publish", "Pull", "StreamingPull"]);

/** Pub/Sub's own services, and its conversion of one message type for those who write bytes by hand. */
export function loadApi(): (service: ApiService) => ServiceDefinition<UntypedServiceImplementation> {
  // Its declared type is protobufjs', which is not ours to name.
  const definitions = fromJSON(publishedApi() as Parameters<typeof fromJSON>[0], FORM);
  return (service) => {
    const methods = definitions[`${PACKAGE}.${service}`] as ServiceDefinition<UntypedServiceImplementation>;
    return Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [
        name,
        {
          ...method,
          ...(RAW_REQUESTS.has(name) ? { requestDeserialize: same } : {}),
          ...(RAW_ANSWERS.has(name) ? { responseSerialize: same } : {}),
        },
      ]),
    );
  };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

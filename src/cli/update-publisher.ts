import { AVRO_SCHEMA_TEXT, type AvroEncoding } from "../messages/avro-schema.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import type { Publisher } from "../pubsub/port.ts";
import type { PublisherOptions } from "../pubsub/publisher.ts";
import { createSchemaPublisher } from "../pubsub/schema-publisher.ts";

/**
 * A publisher of updates, which are given to it as plain JSON: they go out as they are, or, when the topic has the schema of
 * updates, in Avro. A topic with another schema refuses them all, saying so.
 */
export function createUpdatePublisher(
  client: PubSubClient,
  topic: string,
  options: PublisherOptions = {},
): Publisher {
  return createSchemaPublisher(client, topic, {
    ...options,
    definition: AVRO_SCHEMA_TEXT,
    encode: encodedOrAsItIs,
  });
}

/**
 * What is no update in plain JSON is for the broker to judge: it may be an original in Avro that is sent again. Most topics
 * have no schema, so the Avro library waits until one has.
 */
async function encodedOrAsItIs(data: Buffer, encoding: AvroEncoding): Promise<Buffer> {
  const { encodeAvro } = await import("../messages/avro-encode.ts");
  try {
    return encodeAvro(data, encoding);
  } catch {
    return data;
  }
}

import { boundedRetry } from "./bounded-retry.ts";
import type { PubSubClient } from "./client.ts";
import type { SchemaEncoding } from "./live-schema.ts";
import type { Publisher } from "./port.ts";
import { createPublisher, type PublisherOptions } from "./publisher.ts";
import { readTopicSchema, type TopicSchema } from "./topic-schema.ts";
import { PubSubError } from "./trouble.ts";

export interface SchemaPublisherOptions extends PublisherOptions {
  /** The one schema that a topic may have. */
  readonly definition: string;
  /** From a message's plain data to that in the schema's encoding. */
  readonly encode: (data: Buffer, encoding: SchemaEncoding) => Buffer | Promise<Buffer>;
}

/**
 * A publisher that writes messages as the topic's schema wants them, if it has one. The broker is asked before the first
 * message, and again when it refuses one that was written for what was known: the schema may have been attached, or its
 * encoding changed, since then. A question that failed is asked again by the next message.
 */
export function createSchemaPublisher(
  client: PubSubClient,
  topic: string,
  options: SchemaPublisherOptions,
): Publisher {
  return new SchemaPublisher(client, topic, options);
}

class SchemaPublisher implements Publisher {
  readonly #publisher: Publisher;
  readonly #encode: SchemaPublisherOptions["encode"];
  readonly #read: () => Promise<TopicSchema>;
  #schema: Promise<TopicSchema> | undefined;

  constructor(
    client: PubSubClient,
    topic: string,
    { definition, encode, ...options }: SchemaPublisherOptions,
  ) {
    const call = boundedRetry(options.timeoutMs ?? 10_000);
    this.#publisher = createPublisher(client, topic, options);
    this.#encode = encode;
    this.#read = () => readTopicSchema(client, topic, definition, call);
  }

  async publish(data: Buffer, attributes: Readonly<Record<string, string>>): Promise<string> {
    const asked = this.#ask();
    const schema = await asked;
    try {
      return await this.#publisher.publish(await this.#written(data, schema), attributes);
    } catch (error) {
      if (!(error instanceof PubSubError) || !mayBeSchemas(error, schema)) throw error;
      if (this.#schema === asked) this.#schema = undefined;
      const now = await this.#ask();
      if (now.kind === "unknown") throw hinted(error, now.reason);
      if (sameForm(schema, now)) throw error;
      return await this.#publisher.publish(await this.#written(data, now), attributes);
    }
  }

  close(): Promise<void> {
    return this.#publisher.close();
  }

  /** One question at a time, whoever asks; its answer is kept, its failure is not. */
  #ask(): Promise<TopicSchema> {
    if (this.#schema === undefined) {
      const asked = this.#read();
      this.#schema = asked;
      asked.catch(() => {
        if (this.#schema === asked) this.#schema = undefined;
      });
    }
    return this.#schema;
  }

  #written(data: Buffer, schema: TopicSchema): Buffer | Promise<Buffer> {
    return schema.kind === "ours" ? this.#encode(data, schema.encoding) : data;
  }
}

/** A message in another form is an invalid argument; a schema that has been deleted is not found. */
function mayBeSchemas({ status }: PubSubError, { kind }: TopicSchema): boolean {
  return status === "INVALID_ARGUMENT" || (status === "NOT_FOUND" && kind === "ours");
}

function sameForm(before: TopicSchema, now: TopicSchema): boolean {
  const form = (schema: TopicSchema) => (schema.kind === "ours" ? schema.encoding : "plain");
  return form(before) === form(now);
}

/** The broker's refusal, with what may be its reason. */
function hinted(error: PubSubError, reason: string): PubSubError {
  error.message += `; if the topic has a schema, this account must be able to read it: ${reason}`;
  return error;
}

import type { Topic } from "@google-cloud/pubsub";
import { boundedRetry } from "./bounded-retry.ts";
import type { PubSubClient } from "./client.ts";
import { messageFault } from "./message-limits.ts";
import type { Publisher } from "./port.ts";
import { PubSubError, type Resource, statusOf } from "./trouble.ts";

export interface PublisherOptions {
  /** Longest time until a publish is confirmed or refused, tries included. Default 10,000 ms; the client's is 600,000. */
  readonly timeoutMs?: number;
  /** How long messages are gathered into one request, unless it is full before. Default 5 ms. */
  readonly batchMs?: number;
}

/**
 * A publisher to one topic, short or full name. Rejections are a PubSubError. A message over the broker's limits is
 * rejected alone, and so is one that the topic's schema refuses, though it shared a request with others.
 */
export function createPublisher(
  client: PubSubClient,
  topic: string,
  options: PublisherOptions = {},
): Publisher {
  return new TopicPublisher(client, topic, options);
}

class TopicPublisher implements Publisher {
  readonly #resource: Resource;
  /** The client gathers batches per Topic object. */
  readonly #batched: Topic;
  readonly #alone: Topic;
  #pending = 0;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(client: PubSubClient, topic: string, { timeoutMs = 10_000, batchMs = 5 }: PublisherOptions) {
    const { project, address } = client;
    this.#resource = { kind: "topic", name: topic, project, address, purpose: "publish to" };
    const gaxOpts = boundedRetry(timeoutMs);
    const batching = { maxMessages: 500, maxBytes: 4 * 1024 * 1024, maxMilliseconds: batchMs };
    this.#batched = client.api.topic(topic, { batching, gaxOpts });
    this.#alone = client.api.topic(topic, { batching: { maxMessages: 1 }, gaxOpts });
  }

  async publish(data: Buffer, attributes: Readonly<Record<string, string>>): Promise<string> {
    const fault = this.#closed === undefined ? messageFault(data, attributes) : "the publisher is closed";
    if (fault !== undefined) {
      throw new PubSubError(this.#resource, new Error(fault));
    }
    this.#pending += 1;
    try {
      return await this.#send(data, attributes);
    } catch (error) {
      throw new PubSubError(this.#resource, error);
    } finally {
      this.#pending -= 1;
      this.#settleClose();
    }
  }

  close(): Promise<void> {
    // What the client gathered is sent within batchMs; its own flush() does not wait for requests on their way.
    this.#closed ??= Promise.withResolvers();
    this.#settleClose();
    return this.#closed.promise;
  }

  async #send(data: Buffer, attributes: Readonly<Record<string, string>>): Promise<string> {
    try {
      return await this.#batched.publishMessage({ data, attributes });
    } catch (error) {
      if (statusOf(error) !== "INVALID_ARGUMENT") {
        throw error;
      }
      // The broker refused the whole request, of which it took nothing: one of its messages may be to blame.
      return await this.#alone.publishMessage({ data, attributes });
    }
  }

  #settleClose(): void {
    if (this.#pending === 0 && this.#closed !== undefined) {
      // After those who wait for the last publish.
      setImmediate(this.#closed.resolve);
    }
  }
}

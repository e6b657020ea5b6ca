import { randomBytes } from "node:crypto";
import assert from "node:assert/strict";
import { type protos, v1 } from "@google-cloud/pubsub";
import { credentials, status } from "@grpc/grpc-js";
import { openPubSub, type PubSubClient } from "../../../src/pubsub/client.ts";
import { PullStream } from "./pull-stream.ts";

export type Received = protos.google.pubsub.v1.IReceivedMessage;
export type SubscriptionOptions = Omit<protos.google.pubsub.v1.ISubscription, "name" | "topic">;
type Published = protos.google.pubsub.v1.IPubsubMessage;

const NO_RETRY = { retry: null };

/** A project of its own on a broker: the calls of the API as they are, and what tests do with them again and again. */
export class Fixture {
  readonly project = `docs-${randomBytes(5).toString("hex")}`;
  readonly publisher: v1.PublisherClient;
  readonly subscriber: v1.SubscriberClient;
  readonly schemas: v1.SchemaServiceClient;
  /** The official client as programs use it. */
  readonly client: PubSubClient;
  readonly #streams: PullStream[] = [];
  #names = 0;

  constructor(host: string) {
    const [servicePath = "", port] = host.split(":");
    const options = {
      servicePath,
      port: Number(port),
      sslCreds: credentials.createInsecure(),
      projectId: this.project,
    };
    this.publisher = new v1.PublisherClient(options);
    this.subscriber = new v1.SubscriberClient(options);
    this.schemas = new v1.SchemaServiceClient(options);
    this.client = openPubSub({ project: this.project, emulatorHost: host });
  }

  /** A full name that nothing has yet. */
  name(kind: "topics" | "subscriptions" | "schemas"): string {
    this.#names += 1;
    return `projects/${this.project}/${kind}/${kind}-${this.#names}`;
  }

  async topic(options: protos.google.pubsub.v1.ITopic = {}): Promise<string> {
    const name = this.name("topics");
    await this.publisher.createTopic({ ...options, name }, NO_RETRY);
    return name;
  }

  async subscription(topic: string, options: SubscriptionOptions = {}): Promise<string> {
    const name = this.name("subscriptions");
    await this.subscriber.createSubscription({ ackDeadlineSeconds: 60, ...options, name, topic }, NO_RETRY);
    return name;
  }

  /** A topic and a subscription of it. */
  async pair(options: SubscriptionOptions = {}): Promise<readonly [topic: string, subscription: string]> {
    const topic = await this.topic();
    return [topic, await this.subscription(topic, options)];
  }

  /** Publishes messages in one request, texts as their data, and gives their ids. */
  async publish(topic: string, ...messages: readonly (string | Published)[]): Promise<string[]> {
    const given = messages.map((message) =>
      typeof message === "string" ? { data: Buffer.from(message) } : message,
    );
    const [{ messageIds }] = await this.publisher.publish({ topic, messages: given }, NO_RETRY);
    return messageIds ?? [];
  }

  /** Pulls until so many have come, at most for so long; gives what has come. */
  async pull(subscription: string, count: number, timeoutMs = 4_000): Promise<Received[]> {
    const end = performance.now() + timeoutMs;
    const received: Received[] = [];
    while (received.length < count && performance.now() < end) {
      const request = { subscription, maxMessages: count - received.length };
      const timeout = Math.max(200, end - performance.now());
      try {
        const [answer] = await this.subscriber.pull(request, { ...NO_RETRY, timeout });
        received.push(...(answer.receivedMessages ?? []));
      } catch (error) {
        if ((error as { code?: number }).code !== status.DEADLINE_EXCEEDED) throw error;
      }
    }
    return received;
  }

  /** Pulls, and expects exactly these texts, in any order. */
  async expect(subscription: string, texts: readonly string[], timeoutMs?: number): Promise<Received[]> {
    const received = await this.pull(subscription, texts.length, timeoutMs);
    assert.deepEqual(textsOf(received).sort(), [...texts].sort());
    return received;
  }

  /** Expects that nothing comes but what is published now. */
  async expectNothing(topic: string, subscription: string): Promise<void> {
    await this.publish(topic, { data: Buffer.from("sentinel"), attributes: { domain: "com", more: "1" } });
    await this.acknowledge(subscription, await this.expect(subscription, ["sentinel"]));
  }

  async acknowledge(subscription: string, received: readonly Received[]): Promise<void> {
    await this.subscriber.acknowledge({ subscription, ackIds: received.map(ackIdOf) }, NO_RETRY);
  }

  /** 0 seconds: a nack. */
  async modify(
    subscription: string,
    received: readonly Received[],
    ackDeadlineSeconds: number,
  ): Promise<void> {
    const ackIds = received.map(ackIdOf);
    await this.subscriber.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds }, NO_RETRY);
  }

  /** Opens a StreamingPull with this first request. */
  async stream(first: protos.google.pubsub.v1.IStreamingPullRequest): Promise<PullStream> {
    await this.subscriber.initialize();
    const stream = new PullStream(this.subscriber, { streamAckDeadlineSeconds: 60, ...first });
    this.#streams.push(stream);
    return stream;
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.cancel();
    const clients = [this.publisher, this.subscriber, this.schemas, this.client];
    await Promise.all(clients.map((client) => client.close()));
  }
}

export function textOf({ message }: Received): string {
  return Buffer.from(message?.data ?? "").toString();
}

export function textsOf(received: readonly Received[]): string[] {
  return received.map(textOf);
}

export function ackIdOf({ ackId }: Received): string {
  return ackId ?? "";
}

/** Expects that a call is answered with this status, or one of these where the documentation names none. */
export async function refused(
  call: Promise<unknown>,
  ...names: readonly (keyof typeof status)[]
): Promise<void> {
  await assert.rejects(call, (error: { code?: number }) => {
    const name = status[error.code ?? -1] as keyof typeof status;
    assert.ok(names.includes(name), `${name} is not ${names.join(" or ")}: ${String(error)}`);
    return true;
  });
}

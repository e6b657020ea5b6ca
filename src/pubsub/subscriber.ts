import { type Client, Metadata, type MethodDefinition } from "@grpc/grpc-js";
import type { protos, v1 } from "@google-cloud/pubsub";
import { type ReceivedMessage, receivedMessages } from "./received.ts";

type PullRequest = protos.google.pubsub.v1.IStreamingPullRequest;

/** A StreamingPull. A response that cannot be read ends it with INTERNAL, as gRPC has it. */
export interface PullCall {
  on(event: "data", listener: (messages: readonly ReceivedMessage[]) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  write(request: PullRequest): unknown;
  pause(): unknown;
  resume(): unknown;
  cancel(): void;
}

export interface CallOptions {
  readonly timeout: number;
  readonly retry: null;
}

/** What pulling asks of the broker. `subscription` is a full name everywhere. */
export interface Subscriber {
  /** Resolves when there are credentials to call with, else rejects; twice does no harm. */
  initialize(): Promise<unknown>;
  /** After `initialize` has resolved. */
  streamingPull(subscription: string): PullCall;
  acknowledge(request: { subscription: string; ackIds: string[] }, options: CallOptions): Promise<unknown>;
  modifyAckDeadline(
    request: { subscription: string; ackIds: string[]; ackDeadlineSeconds: number },
    options: CallOptions,
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** The subscriber over the official client: its channel, its credentials, its calls, but for the responses of a StreamingPull. */
export function subscriberOf(client: v1.SubscriberClient): Subscriber {
  let stub: Stub | undefined;
  return {
    async initialize() {
      stub = (await client.initialize()) as unknown as Stub;
    },
    streamingPull(subscription) {
      if (stub === undefined) throw new Error("the subscriber is not initialized");
      return streamingPull(stub, subscription);
    },
    acknowledge: (request, options) => client.acknowledge(request, options),
    modifyAckDeadline: (request, options) => client.modifyAckDeadline(request, options),
    close: () => client.close(),
  };
}

/** gRPC's own client, whose methods know their path and how their requests are written. */
type Stub = Client & { readonly streamingPull: MethodDefinition<PullRequest, unknown> };

function streamingPull(stub: Stub, subscription: string): PullCall {
  const metadata = new Metadata();
  // Google routes by it (Google Cloud API, "Request headers"); the client's own method sets the same.
  metadata.set("x-goog-request-params", `subscription=${encodeURIComponent(subscription)}`);
  const { path, requestSerialize } = stub.streamingPull;
  return stub.makeBidiStreamRequest(path, requestSerialize, receivedMessages, metadata);
}

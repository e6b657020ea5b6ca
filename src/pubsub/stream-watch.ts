import type { EventEmitter } from "node:events";

/** How one StreamingPull ended: the status that gRPC gave. */
export interface StreamEnd {
  readonly code: number;
  readonly details: string;
}

/** Statuses after which the client opens the stream again by itself (its pull-retry.js); any other one is for good. */
const REOPENED = new Set([1, 4, 8, 10, 13, 14]);

/** True when the client leaves the stream closed, without a word as long as another stream lives. */
export function isFinal(end: StreamEnd): boolean {
  return !REOPENED.has(end.code);
}

/** True when the stream ended because this side closed it. */
export function isOwnClose(end: StreamEnd): boolean {
  return end.code === 1;
}

interface CallProperties {
  readonly call: EventEmitter;
  readonly methodDefinition: { readonly path: string };
}

/**
 * gRPC options that tell how each StreamingPull of a connection ends, which the client itself does not say. `owner` is
 * asked when a stream is opened, and `ended` gets its answer back. Without a call of these (another client), nothing
 * else changes.
 */
export function watchStreams<Owner>(
  owner: () => Owner,
  ended: (owner: Owner, end: StreamEnd) => void,
): Readonly<Record<string, unknown>> {
  const transform = (properties: CallProperties): CallProperties => {
    if (properties.methodDefinition.path === "/google.pubsub.v1.Subscriber/StreamingPull") {
      const opener = owner();
      properties.call.once("status", (status: StreamEnd) => ended(opener, status));
    }
    return properties;
  };
  return { "grpc.callInvocationTransformer": transform };
}

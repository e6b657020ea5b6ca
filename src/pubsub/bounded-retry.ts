import type { CallOptions } from "@google-cloud/pubsub";

/** gRPC statuses after which a call is tried again: the client's own list for Publish. */
const RETRIED = [1, 2, 4, 8, 10, 13, 14];

/** Call options that retry with backoff until `totalTimeoutMillis` is over; the client's own total is ten minutes. */
export function boundedRetry(totalTimeoutMillis: number): CallOptions {
  return {
    retry: {
      retryCodes: RETRIED,
      backoffSettings: {
        initialRetryDelayMillis: 100,
        retryDelayMultiplier: 2,
        maxRetryDelayMillis: 1_000,
        initialRpcTimeoutMillis: totalTimeoutMillis,
        rpcTimeoutMultiplier: 1,
        maxRpcTimeoutMillis: totalTimeoutMillis,
        totalTimeoutMillis,
      },
    },
  };
}

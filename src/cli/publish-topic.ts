import type { Config } from "../config.ts";
import { openPubSub } from "../pubsub/client.ts";
import type { Publisher } from "../pubsub/port.ts";
import { createPublisher } from "../pubsub/publisher.ts";

/** A publisher to the configured topic, with the connection that it needs. Closing it twice does no harm. */
export interface OpenTopic extends AsyncDisposable {
  readonly publisher: Publisher;
}

/** How long a publish is tried again before the broker counts as away, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** Opens the topic that the updates go to; nothing is sent until it is used. */
export function openTopic(
  { project, topic }: Config["pubsub"],
  emulatorHost: string | undefined,
  timeoutMs = TIMEOUT_MS,
): OpenTopic {
  const client = openPubSub({ project, emulatorHost });
  const publisher = createPublisher(client, topic, { timeoutMs });
  return {
    publisher,
    async [Symbol.asyncDispose]() {
      await publisher.close();
      await client.close();
    },
  };
}

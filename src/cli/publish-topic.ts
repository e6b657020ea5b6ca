import type { Config } from "../config.ts";
import { openPubSub } from "../pubsub/client.ts";
import type { Publisher } from "../pubsub/port.ts";
import { createUpdatePublisher } from "./update-publisher.ts";

/** A publisher to the configured topic, with the connection that it needs. Closing it twice does no harm. */
export interface OpenTopic extends AsyncDisposable {
  readonly publisher: Publisher;
}

/** Opens the topic that the updates go to; nothing is sent until it is used. A publish is tried for `timeoutMs`. */
export function openTopic(
  { project, topic }: Config["pubsub"],
  emulatorHost: string | undefined,
  timeoutMs: number,
): OpenTopic {
  const client = openPubSub({ project, emulatorHost });
  const publisher = createUpdatePublisher(client, topic, { timeoutMs });
  return {
    publisher,
    async [Symbol.asyncDispose]() {
      await publisher.close();
      await client.close();
    },
  };
}

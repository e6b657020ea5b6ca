import { openPubSub } from "../pubsub/client.ts";
import type { Publisher } from "../pubsub/port.ts";
import { tracedPublisher } from "../pubsub/traced-publisher.ts";
import type { CliContext } from "./context.ts";
import { openProcessTracing, UNSENT } from "./open-process-tracing.ts";
import { createUpdatePublisher } from "./update-publisher.ts";

/** A publisher to the configured topic, with the connection that it needs. Closing it twice does no harm. */
export interface OpenTopic extends AsyncDisposable {
  readonly publisher: Publisher;
}

/** Opens the topic that the updates go to; nothing is sent until it is used. A publish is tried for `timeoutMs`. */
export async function openTopic(
  { config, emulatorHost, stderr }: CliContext,
  timeoutMs: number,
): Promise<OpenTopic> {
  const read = config();
  const { project, topic } = read.pubsub;
  const tracing = await openProcessTracing(read, "rowpost-publish", (error) =>
    stderr.write(`rowpost: ${UNSENT}: ${error instanceof Error ? error.message : String(error)}\n`),
  );
  const client = openPubSub({ project, emulatorHost });
  const publisher = tracedPublisher(createUpdatePublisher(client, topic, { timeoutMs }), topic, tracing);
  return {
    publisher,
    async [Symbol.asyncDispose]() {
      await publisher.close();
      await client.close();
      await tracing?.[Symbol.asyncDispose]();
    },
  };
}

import { Duration, type Message, PubSub } from "@google-cloud/pubsub";
import type { Job } from "../job.ts";

/** Google's emulator gives each stream about 2,000 messages a second; with 20 it is not what limits. */
const STREAMS = 20;
/** Outstanding messages: as many as rowpost's default. */
const MAX_MESSAGES = 5_000;

/**
 * Pulls as the official client offers it, which (b), (c) and (j) do; `receive` settles each message. Acks are gathered for 20 ms and
 * leases last 60 s: with the client's defaults, 100 ms cap the rate, and what waits comes twice.
 */
export function pull({ pubsub }: Job, receive: (message: Message) => void): AsyncDisposable {
  const { project, host, subscription: name } = pubsub;
  const options = { apiEndpoint: host, emulatorMode: true, universeDomain: "googleapis.com" };
  const client = new PubSub({ projectId: project, ...options });
  const subscription = client.subscription(name, {
    flowControl: { maxMessages: MAX_MESSAGES, allowExcessMessages: true },
    streamingOptions: { maxStreams: STREAMS },
    batching: { maxMilliseconds: 20 },
    minAckDeadline: Duration.from({ seconds: 60 }),
  });
  subscription.on("error", (error) => {
    throw error;
  });
  subscription.on("message", receive);
  return {
    async [Symbol.asyncDispose]() {
      await subscription.close();
      await client.close();
    },
  };
}

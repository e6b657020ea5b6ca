import { type ClientConfig, PubSub, v1 } from "@google-cloud/pubsub";
import { type Subscriber, subscriberOf } from "./subscriber.ts";

/** One address of Pub/Sub and one project. Closing it twice does no harm. */
export interface PubSubClient extends AsyncDisposable {
  readonly project: string;
  /** Where it connects, for messages to people. */
  readonly address: string;
  readonly emulator: boolean;
  readonly api: PubSub;
  /** A further connection to the same place, for pulling. Who asks for it closes it. */
  subscriber(): Subscriber;
  close(): Promise<void>;
}

export interface PubSubAddress {
  readonly project: string;
  /** `host:port` of an emulator: no TLS, no credentials. undefined: Google, with the default credentials. */
  readonly emulatorHost?: string | undefined;
}

type SubscriberOptions = ConstructorParameters<typeof v1.SubscriberClient>[0];

/**
 * Opens the official client; nothing is sent until it is used. The client reads PUBSUB_EMULATOR_HOST by itself when no
 * `emulatorHost` is given.
 */
export function openPubSub({ project, emulatorHost }: PubSubAddress): PubSubClient {
  const options: ClientConfig & Record<string, unknown> = {
    projectId: project,
    // gRPC waits up to two minutes between two tries to connect; an outage of the broker should end sooner for us.
    "grpc.max_reconnect_backoff_ms": 10_000,
    ...(emulatorHost === undefined ? {} : emulatorOptions(emulatorHost)),
  };
  const api = new PubSub(options);
  const close = () => api.close();
  return {
    project,
    address: emulatorHost ?? api.options.servicePath ?? "pubsub.googleapis.com",
    emulator: api.isEmulator,
    api,
    // The client's own way, `new v1.SubscriberClient(await pubsub.getClientConfig())`; its project is known.
    subscriber: () => subscriberOf(new v1.SubscriberClient({ ...api.options } as SubscriberOptions)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** With the universe's domain given, the client does not ask Google's metadata server for it, and so warns of nothing. */
function emulatorOptions(host: string): ClientConfig {
  return { apiEndpoint: host, emulatorMode: true, universeDomain: "googleapis.com" };
}

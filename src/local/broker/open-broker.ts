import type { Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadApi } from "./api.ts";
import { Faults, type FaultRates } from "./faults.ts";
import { openListener } from "./listener.ts";
import { publisherService } from "./publisher-service.ts";
import { Resources } from "./resources.ts";
import { schemaService } from "./schema-service.ts";
import { StatusError } from "./status-error.ts";
import { subscriberService } from "./subscriber-service.ts";

export interface BrokerOptions {
  /** On 127.0.0.1; default: one that is free. */
  readonly port?: number;
  readonly host?: string;
  /** What goes wrong, and from which seed that is drawn; default: nothing. */
  readonly faults?: FaultRates;
  readonly seed?: number;
  /** Milliseconds since 1970; for tests of retention. */
  readonly now?: () => number;
}

/** A Pub/Sub broker in this process. What it holds is in its memory. */
export interface Broker extends AsyncDisposable {
  /** "127.0.0.1:28085", as PUBSUB_EMULATOR_HOST wants it. */
  readonly host: string;
  readonly port: number;
  /** What goes wrong from now on, and how often it has. */
  readonly faults: Faults;
  /** Messages of a subscription that are not acknowledged, by its full name. */
  unacknowledged(subscription: string): number;
  /** Ends all connections and forgets everything. Twice without harm. */
  close(): Promise<void>;
}

/**
 * Opens a server of Pub/Sub's gRPC API: topics, pull subscriptions, ordering keys, retry and dead-letter policies, filters,
 * seek to a time, exactly-once delivery and Avro schemas. Without push, exports, snapshots, transforms and access management.
 */
export async function openBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { host = "127.0.0.1", port = 0 } = options;
  const faults = new Faults(options.seed, options.faults);
  const resources = new Resources(faults, options.now);
  const server = new Server(LIMITS);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const grpc = (socket: Socket) => injector.injectConnection(socket);
  const listener = await openListener({ host, port, faults, grpc });
  addServices(server, resources, (peer) => listener.drop(peer));
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      resources.close(new StatusError("UNAVAILABLE", "The broker stops."));
      await listener.close();
      server.forceShutdown();
    })();
    return closed;
  };
  return {
    host: `${host}:${listener.port}`,
    port: listener.port,
    faults,
    unacknowledged: (name) => resources.subscription(name).unacknowledged,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const LIMITS = {
  // More than a request may have, so that the answer is the service's own.
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
  "grpc.enable_channelz": 0,
};

function addServices(server: Server, resources: Resources, dropConnection: (peer: string) => void): void {
  const api = loadApi();
  server.addService(api("Publisher"), publisherService(resources));
  server.addService(api("Subscriber"), subscriberService(resources, dropConnection));
  server.addService(api("SchemaService"), schemaService(resources));
}

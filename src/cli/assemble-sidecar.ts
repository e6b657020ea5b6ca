import type { Config } from "../config.ts";
import { OPEN_ACCESS } from "../http/access.ts";
import { LazyDatabase } from "../http/lazy-database.ts";
import { openSidecar, type Sidecar } from "../http/open-sidecar.ts";
import { Outbox } from "../http/outbox.ts";
import { ReceiptWaits } from "../http/receipt-waits.ts";
import { createDecoder } from "../messages/decode.ts";
import { createEncoder } from "../messages/encode.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import { messageFault } from "../pubsub/message-limits.ts";
import { createPublisher } from "../pubsub/publisher.ts";
import { openStore } from "../store/open-store.ts";
import type { Registry } from "../tables/definition.ts";
import type { Log } from "../telemetry/log.ts";

/** Puts a sidecar together from its configuration, and opens it. Closing it closes all that it opened but the client. */
export async function assembleSidecar(
  config: Config,
  registry: Registry,
  client: PubSubClient,
  log: Log,
): Promise<Sidecar> {
  await using opening = new AsyncDisposableStack();
  const { http, limits } = config;
  const { address } = config.database;
  const open = address && (() => openStore({ ...config.database, address }, registry, http.connections));
  const database = opening.use(new LazyDatabase(open));
  const publisher = createPublisher(client, config.pubsub.topic, { timeoutMs: http.publishTimeoutMs });
  opening.defer(() => publisher.close());
  const access = OPEN_ACCESS;
  const outbox = new Outbox({
    publisher,
    access,
    limits: { messages: http.maxPending, bytes: http.maxPendingBytes },
    refused: (error) => log.warn({ err: error }, "the broker did not confirm an update"),
  });
  const parts = {
    registry,
    limits,
    encode: createEncoder(registry, limits),
    outbox,
    database,
    waits: new ReceiptWaits(database),
    access,
    replays: {
      decode: createDecoder(registry, limits),
      maxAgeHours: config.retention.replayMaxAgeHours,
      messageFault,
    },
    options: http,
  };
  const sidecar = opening.use(await openSidecar(parts, http, log));
  const owned = opening.move();
  const close = () => owned.disposeAsync();
  return { port: sidecar.port, close, [Symbol.asyncDispose]: close };
}

import type { Config } from "../config.ts";
import type { Access } from "../http/access.ts";
import { LazyDatabase } from "../http/lazy-database.ts";
import { openSidecar, type Sidecar } from "../http/open-sidecar.ts";
import { Outbox } from "../http/outbox.ts";
import type { SidecarParts } from "../http/parts.ts";
import { Readiness } from "../http/readiness.ts";
import { ReceiptWaits } from "../http/receipt-waits.ts";
import { Turns } from "../http/turns.ts";
import { createDecoder } from "../messages/decode.ts";
import { createEncoder } from "../messages/encode.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import { messageFault } from "../pubsub/message-limits.ts";
import type { Publisher } from "../pubsub/port.ts";
import { probeTopic } from "../pubsub/topic-probe.ts";
import { openStore } from "../store/open-store.ts";
import type { Registry } from "../tables/definition.ts";
import type { Log } from "../telemetry/log.ts";
import { SidecarMetrics } from "../telemetry/sidecar-metrics.ts";
import { sparing } from "../telemetry/sparing.ts";
import { assembleAccess } from "./assemble-access.ts";
import { authorityOf, signerOf } from "./assemble-authority.ts";
import { createUpdatePublisher } from "./update-publisher.ts";
import { version } from "./version.ts";

/** Kept back from the grace period for confirming publishes and closing. */
const CLOSING_MS = 2_000;

/** Longest time that a probe of the topic takes. */
const PROBE_MS = 2_000;

/** Puts a sidecar together from its configuration, and opens it. Closing it closes all that it opened but the client. */
export async function assembleSidecar(
  config: Config,
  registry: Registry,
  client: PubSubClient,
  log: Log,
): Promise<Sidecar> {
  await using opening = new AsyncDisposableStack();
  const { http, limits } = config;
  const database = opening.use(databaseOf(config, registry));
  const graceMs = graceOf(config);
  const metrics = opening.use(new SidecarMetrics({ version, process }));
  const access = await assembleAccess(config, registry, log);
  const publisher = createUpdatePublisher(client, config.pubsub.topic, {
    timeoutMs: Math.min(http.publishTimeoutMs, graceMs / 2),
  });
  opening.defer(() => publisher.close());
  const outbox = outboxOf(config, publisher, access, log);
  const waits = new ReceiptWaits(database);
  metrics.read({ pending: () => outbox, waits: () => waits });
  const parts = {
    registry,
    limits,
    encode: createEncoder(registry, limits),
    outbox,
    database,
    waits,
    access,
    readiness: readinessOf(config, client),
    turns: new Turns(),
    metrics,
    replays: replaysOf(config, registry),
    options: http,
  };
  const sidecar = opening.use(await openSidecar(parts, { ...http, graceMs }, log));
  const owned = opening.move();
  const close = () => owned.disposeAsync();
  return { port: sidecar.port, close, [Symbol.asyncDispose]: close };
}

function databaseOf({ database, http }: Config, registry: Registry): LazyDatabase {
  const { address } = database;
  const open = address && (() => openStore({ ...database, address }, registry, http.connections));
  return new LazyDatabase(open);
}

function replaysOf(config: Config, registry: Registry): SidecarParts["replays"] {
  return {
    decode: createDecoder(registry, config.limits, authorityOf(config, registry)),
    maxAgeHours: config.retention.replayMaxAgeHours,
    signer: signerOf(config),
    messageFault,
  };
}

/** What requests in hand have at a stop, in ms; a publish gives up in half of it, so that there is an answer. */
function graceOf({ worker }: Config): number {
  const grace = worker.graceSeconds * 1000;
  return Math.max(grace - CLOSING_MS, grace / 2);
}

function outboxOf({ http }: Config, publisher: Publisher, access: Access, log: Log): Outbox {
  return new Outbox({
    publisher,
    access,
    limits: { messages: http.maxPending, bytes: http.maxPendingBytes },
    refused: sparing((err, more) => log.warn({ err, more }, "the broker did not confirm an update")),
  });
}

function readinessOf({ http, pubsub }: Config, client: PubSubClient): Readiness {
  const broker = () => probeTopic(client, pubsub.topic, PROBE_MS);
  return new Readiness({ broker, workerUrl: http.workerUrl });
}

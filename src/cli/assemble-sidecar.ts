import type { Config } from "../config.ts";
import { LazyDatabase } from "../http/lazy-database.ts";
import { openSidecar, type Sidecar } from "../http/open-sidecar.ts";
import { Outbox, type OutboxParts } from "../http/outbox.ts";
import type { SidecarParts } from "../http/parts.ts";
import { Readiness } from "../http/readiness.ts";
import { ReceiptWaits } from "../http/receipt-waits.ts";
import { Turns } from "../http/turns.ts";
import { createDecoder } from "../messages/decode.ts";
import { createEncoder } from "../messages/encode.ts";
import type { Signer } from "../messages/principal.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import { messageFault } from "../pubsub/message-limits.ts";
import type { Publisher } from "../pubsub/port.ts";
import { tracedPublisher } from "../pubsub/traced-publisher.ts";
import { probeTopic } from "../pubsub/topic-probe.ts";
import type { Secrets } from "../secrets/open-secrets.ts";
import { openStore } from "../store/open-store.ts";
import type { Registry } from "../tables/definition.ts";
import type { Log } from "../telemetry/log.ts";
import { LogLevelSwitch } from "../telemetry/log-level.ts";
import { SidecarMetrics } from "../telemetry/sidecar-metrics.ts";
import { sparing } from "../telemetry/sparing.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import { assembleAccess } from "./assemble-access.ts";
import { authorityOf, signerOf } from "./assemble-authority.ts";
import { databaseOptions, secretsOf } from "./context.ts";
import { type JournalFile, openJournal } from "./journal-file.ts";
import { createUpdatePublisher } from "./update-publisher.ts";
import { version } from "./version.ts";

/** Kept back from the grace period for confirming publishes and closing. */
const CLOSING_MS = 2_000;

/** Longest time that a probe of the topic takes. */
const PROBE_MS = 2_000;

/** Puts a sidecar together from its configuration, and opens it. Rejects when its signing keys or its journal cannot be had. Closing it closes all that it opened but the client. */
export async function assembleSidecar(
  config: Config,
  registry: Registry,
  client: PubSubClient,
  log: Log,
  tracing?: Tracing,
): Promise<Sidecar> {
  await using opening = new AsyncDisposableStack();
  const { http, limits } = config;
  const secrets = secretsOf(config);
  const signer = await signerOf(config, secrets);
  const database = opening.use(databaseOf(config, registry, secrets));
  const metrics = opening.use(new SidecarMetrics({ version, process }));
  const access = await assembleAccess(config, registry, log, signer);
  const journal = opening.use(await journalOf(config, metrics, log));
  const publisher = opening.adopt(publisherOf(config, client, tracing), (one) => one.close());
  const outbox = outboxOf(config, { publisher, access, journal }, log);
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
    logLevel: opening.use(new LogLevelSwitch(log)),
    tracing,
    replays: replaysOf(config, registry, signer),
    options: http,
  };
  const sidecar = opening.use(await openSidecar(parts, { ...http, graceMs: graceOf(config) }, log));
  const owned = opening.move();
  const close = () => owned.disposeAsync();
  return { port: sidecar.port, close, [Symbol.asyncDispose]: close };
}

function databaseOf(config: Config, registry: Registry, secrets: Secrets): LazyDatabase {
  if (config.database.address === undefined) return new LazyDatabase(undefined);
  const database = databaseOptions(config, secrets);
  return new LazyDatabase(() => openStore(database, registry, config.http.connections));
}

function replaysOf(config: Config, registry: Registry, signer: Signer | undefined): SidecarParts["replays"] {
  return {
    decode: createDecoder(registry, config.limits, authorityOf(config, registry, signer)),
    maxAgeHours: config.retention.replayMaxAgeHours,
    signer,
    messageFault,
  };
}

function publisherOf(config: Config, client: PubSubClient, tracing: Tracing | undefined): Publisher {
  const { topic } = config.pubsub;
  const timeoutMs = Math.min(config.http.publishTimeoutMs, graceOf(config) / 2);
  return tracedPublisher(createUpdatePublisher(client, topic, { timeoutMs }), topic, tracing);
}

/** What requests in hand have at a stop, in ms; a publish gives up in half of it, so that there is an answer. */
function graceOf({ worker }: Config): number {
  const grace = worker.graceSeconds * 1000;
  return Math.max(grace - CLOSING_MS, grace / 2);
}

/** A disk that takes no lines does not keep updates from being published: it is told, counted, and told in the journal. */
async function journalOf(
  { http }: Config,
  metrics: SidecarMetrics,
  log: Log,
): Promise<JournalFile | undefined> {
  if (http.journal === undefined) return undefined;
  const say = sparing((err, more) =>
    log.warn(
      { err, more, journal: http.journal },
      "the journal misses lines; updates are published all the same",
    ),
  );
  const lost = (error: unknown, lines: number) => {
    metrics.countLostLines(lines);
    say(error);
  };
  return openJournal(http.journal, { withoutLine: "send", lost });
}

function outboxOf(
  { http }: Config,
  parts: Pick<OutboxParts, "publisher" | "access" | "journal">,
  log: Log,
): Outbox {
  return new Outbox({
    ...parts,
    limits: { messages: http.maxPending, bytes: http.maxPendingBytes },
    refused: sparing((err, more) => log.warn({ err, more }, "the broker did not confirm an update")),
  });
}

function readinessOf({ http, pubsub }: Config, client: PubSubClient): Readiness {
  const broker = () => probeTopic(client, pubsub.topic, PROBE_MS);
  return new Readiness({ broker, workerUrl: http.workerUrl });
}

import { type Config, retentionFaults } from "../config.ts";
import type { PubSubClient } from "../pubsub/client.ts";
import { describeSubscription } from "../pubsub/describe-subscription.ts";
import { createIntake } from "../pubsub/intake.ts";
import type { PubSubIntake } from "../pubsub/intake-options.ts";
import { createPublisher } from "../pubsub/publisher.ts";
import { tracedPublisher } from "../pubsub/traced-publisher.ts";
import { openStore } from "../store/open-store.ts";
import type { Registry } from "../tables/definition.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { Reason } from "../worker/gate.ts";
import type { WorkerObserver } from "../worker/observer.ts";
import { Worker } from "../worker/worker.ts";
import { databaseOptions, secretsOf } from "./context.ts";
import { lateDecoder } from "./late-decoder.ts";

/** A worker and its intake, as `rowpost worker` runs them. */
export interface AssembledWorker {
  readonly worker: Worker;
  readonly updates: PubSubIntake;
}

/** Connections beside one a lane: the probe, and the purge with its election. */
export const SPARE_CONNECTIONS = 3;

/** What the backstop may hold at once: few messages ever come that way. */
const BACKSTOP = { streams: 1, maxMessages: 100, maxBytes: 16 * 1024 * 1024 };

/**
 * Puts a worker together from its configuration; nothing connects, and no secret is read, before `start`. Throws a
 * `CliError` with every fault of the policy file, or when no database is configured.
 */
export function assembleWorker(
  config: Config,
  registry: Registry,
  client: PubSubClient,
  observer: WorkerObserver,
  tracing?: Tracing,
): AssembledWorker {
  const { pubsub, worker: flow, retention } = config;
  const { streams, leaseSeconds, subscription, backstopSubscription, deadLetterTopic } = pubsub;
  const { maxMessages, maxBytes } = flow;
  const updates = createIntake(client, { subscription, streams, leaseSeconds, maxMessages, maxBytes });
  const backstop = createIntake(client, { subscription: backstopSubscription, ...BACKSTOP });
  const secrets = secretsOf(config);
  const database = databaseOptions(config, secrets);
  const { decode, obstacle } = lateDecoder(config, registry, secrets);
  const worker = new Worker({
    ...flow,
    ...retention,
    retention,
    decode,
    openStore: () => openStore(database, registry, flow.lanes + SPARE_CONNECTIONS),
    check: async () => (await obstacle()) ?? checkRetention(config, client),
    intakes: new Map([
      ["updates", updates],
      ["backstop", backstop],
    ]),
    deadLetters:
      deadLetterTopic === undefined
        ? undefined
        : tracedPublisher(createPublisher(client, deadLetterTopic), deadLetterTopic, tracing),
    observer,
  });
  return { worker, updates };
}

/** What the live subscription keeps must be forgotten before the receipts are; where it cannot be read, the configured time counts. */
async function checkRetention(
  { pubsub, retention }: Config,
  client: PubSubClient,
): Promise<Reason | undefined> {
  const live = await describeSubscription(client, pubsub.subscription);
  if (!live.known) return undefined;
  const { receiptHours, replayMaxAgeHours } = retention;
  const kept = Math.max(live.messageRetentionHours, live.topicRetentionHours);
  const faults = retentionFaults(receiptHours, kept, replayMaxAgeHours);
  return faults.length === 0 ? undefined : { code: "retention", message: faults.join("; ") };
}

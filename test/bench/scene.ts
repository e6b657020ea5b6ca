import type { Connection } from "mysql2/promise";
import { IDEMPOTENCY_KEY_ATTRIBUTE } from "../../src/messages/idempotency-key.ts";
import { openPubSub, type PubSubClient } from "../../src/pubsub/client.ts";
import type { Publisher } from "../../src/pubsub/port.ts";
import { createPublisher } from "../../src/pubsub/publisher.ts";
import { applyTopology } from "../../src/pubsub/topology.ts";
import { type BenchDatabase, openDatabase } from "./database.ts";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";
import type { BenchMessage } from "./load.ts";

/** What one run stands on: a database, a topic and subscriptions that nobody has used before. */
export interface Scene extends AsyncDisposable {
  readonly place: Pick<Job, "database" | "pubsub" | "pids">;
  readonly connection: Connection;
  /** Publishes all and waits for the broker's word for each. */
  publish(messages: readonly BenchMessage[]): Promise<void>;
  /** Publishes one; resolves with the broker's word for it. */
  readonly send: Send;
}

export type Send = (message: BenchMessage) => Promise<string>;

const PROJECT = "rowpost-bench";
/** Messages that the publisher is given at once. */
const WINDOW = 5_000;

let scenes = 0;

/**
 * Makes a scene on these servers: database migrated, tables made, topology applied. All of it is gone at the end, but for a
 * database that is handed in.
 */
export async function openScene(ground: Ground, database?: BenchDatabase): Promise<Scene> {
  scenes += 1;
  await using opening = new AsyncDisposableStack();
  const { login, connection, pid } = database ?? opening.use(await openDatabase(ground.mysql));
  const { host } = ground.broker;
  const client = opening.use(openPubSub({ project: PROJECT, emulatorHost: host }));
  const pubsub = {
    host,
    project: PROJECT,
    topic: `updates-${scenes}`,
    subscription: `updates-worker-${scenes}`,
    backstopTopic: `undeliverable-${scenes}`,
    backstopSubscription: `undeliverable-worker-${scenes}`,
  };
  await createTopology(client, pubsub, opening);
  const publisher = createPublisher(client, pubsub.topic, { timeoutMs: 60_000 });
  opening.defer(() => publisher.close());
  const send = sender(publisher);
  const opened = opening.move();
  return {
    place: { database: login, pubsub, pids: { mysql: pid, broker: ground.broker.pid } },
    connection,
    send,
    publish: (messages) => publish(send, messages),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function sender(publisher: Publisher): Send {
  return ({ key, data }) => publisher.publish(data, { [IDEMPOTENCY_KEY_ATTRIBUTE]: key });
}

async function createTopology(
  client: PubSubClient,
  names: Job["pubsub"],
  opening: AsyncDisposableStack,
): Promise<void> {
  const policy = { maxDeliveryAttempts: 20, deadLetterTopic: undefined, messageRetentionHours: 96 };
  const { faults } = await applyTopology(client, { ...names, ...policy });
  if (faults.length > 0) throw new Error(faults.join("\n"));
  opening.defer(async () => {
    const { api } = client;
    for (const name of [names.subscription, names.backstopSubscription])
      await api.subscription(name).delete();
    for (const name of [names.topic, names.backstopTopic]) await api.topic(name).delete();
  });
}

async function publish(send: Send, messages: readonly BenchMessage[]): Promise<void> {
  const ids = new Set<string>();
  for (let at = 0; at < messages.length; at += WINDOW) {
    for (const id of await Promise.all(messages.slice(at, at + WINDOW).map(send))) ids.add(id);
  }
  if (ids.size !== messages.length) throw new Error(`${messages.length} published, ${ids.size} message ids`);
}

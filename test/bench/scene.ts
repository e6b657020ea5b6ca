import { type Connection, createConnection } from "mysql2/promise";
import { openPubSub, type PubSubClient } from "../../src/pubsub/client.ts";
import { createPublisher } from "../../src/pubsub/publisher.ts";
import { applyTopology } from "../../src/pubsub/topology.ts";
import { migrateUp } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Ground } from "./ground.ts";
import { IDEMPOTENCY_KEY_ATTRIBUTE } from "../../src/messages/idempotency-key.ts";
import type { Job } from "./job.ts";
import type { LoadMessage } from "./load.ts";
import { KEYS_DDL, ROWS_DDL } from "./table.ts";

/** What one run stands on: a database, a topic and subscriptions that nobody has used before. */
export interface Scene extends AsyncDisposable {
  readonly place: Pick<Job, "database" | "pubsub" | "pids">;
  readonly connection: Connection;
  /** Publishes all and waits for the broker's word for each. */
  publish(messages: readonly LoadMessage[]): Promise<void>;
}

const PROJECT = "rowpost-bench";
/** Messages that the publisher is given at once. */
const WINDOW = 5_000;

let scenes = 0;

/** Makes a scene on these servers: database migrated, tables made, topology applied. All of it is gone at the end. */
export async function openScene(ground: Ground): Promise<Scene> {
  scenes += 1;
  await using opening = new AsyncDisposableStack();
  const database = databaseOf(ground, `bench_${scenes}`);
  const connection = await createDatabase(database, opening);
  const client = opening.use(openPubSub({ project: PROJECT, emulatorHost: ground.emulator.host }));
  const pubsub = {
    host: ground.emulator.host,
    project: PROJECT,
    topic: `updates-${scenes}`,
    subscription: `updates-worker-${scenes}`,
    backstopTopic: `undeliverable-${scenes}`,
    backstopSubscription: `undeliverable-worker-${scenes}`,
  };
  await createTopology(client, pubsub, opening);
  const opened = opening.move();
  return {
    place: {
      database,
      pubsub,
      pids: { mysql: ground.mysql.server?.pid, emulator: ground.emulator.server?.pid },
    },
    connection,
    publish: (messages) => publish(client, pubsub.topic, messages),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function databaseOf({ mysql }: Ground, name: string): Job["database"] {
  if (mysql.ownLogin === undefined) throw new Error("the server is ours");
  const { address, user, password } = mysql.ownLogin;
  return { host: address.host, port: address.port, user, password, name };
}

async function createDatabase(database: Job["database"], opening: AsyncDisposableStack): Promise<Connection> {
  const { host, port, user, password, name } = database;
  const connection = await createConnection({
    host,
    port,
    user,
    password,
    dateStrings: true,
    charset: "utf8mb4",
  });
  opening.defer(() => connection.end());
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  opening.defer(async () => void (await connection.query(`DROP DATABASE ${name}`)));
  await connection.query(`USE ${name}`);
  await connection.query(ROWS_DDL);
  await connection.query(KEYS_DDL);
  const address = { kind: "tcp", host, port, tls: undefined } as const;
  const limits = {
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    poolWaitMs: 30_000,
    poolLifetimeMs: 1_800_000,
  };
  await using store = await openStore({ ...limits, address, user, password, name }, new Map(), 2);
  const migrated = await migrateUp(store);
  if (migrated.outcome !== "done") throw new Error(`migrate: ${JSON.stringify(migrated)}`);
  return connection;
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

async function publish(client: PubSubClient, topic: string, messages: readonly LoadMessage[]): Promise<void> {
  const publisher = createPublisher(client, topic, { timeoutMs: 60_000 });
  const ids = new Set<string>();
  for (let at = 0; at < messages.length; at += WINDOW) {
    const sent = messages
      .slice(at, at + WINDOW)
      .map(({ key, data }) => publisher.publish(data, { [IDEMPOTENCY_KEY_ATTRIBUTE]: key }));
    for (const id of await Promise.all(sent)) ids.add(id);
  }
  await publisher.close();
  if (ids.size !== messages.length) throw new Error(`${messages.length} published, ${ids.size} message ids`);
}

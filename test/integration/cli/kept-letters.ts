import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Message as PulledMessage } from "@google-cloud/pubsub";
import { applyBatch } from "../../../src/apply/batch.ts";
import type { Settlement } from "../../../src/apply/outcome.ts";
import { deadLettersCommand } from "../../../src/cli/dead-letters.ts";
import { type Decode, createDecoder } from "../../../src/messages/decode.ts";
import type { Message } from "../../../src/messages/update.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { type Finished, runCommand, type Surroundings } from "../../support/run-command.ts";
import { broker, database } from "../../support/servers.ts";
import { testRegistry } from "../../support/tables.ts";

/** A database with dead letters to come, and the commands on it. */
export interface Desk {
  readonly store: Store;
  readonly decode: Decode;
  readonly environment: Readonly<Record<string, string>>;
  /** What the worker does with one message. */
  settle(...messages: readonly Message[]): Promise<readonly Settlement[]>;
  /** `rowpost dead-letters …` */
  letters(args: readonly string[], surroundings?: Partial<Surroundings>): Promise<Finished>;
}

export const LIMITS = { changes: 100, dataBytes: 1_048_576, depth: 64 };

/** Opens a database with the tables of the tests. */
export async function openDesk(t: TestContext, more: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const server = await database(t);
  const store = await openStore(server, testRegistry, 8);
  t.after(() => store.close());
  await store.orm.schema.create();
  const decode = createDecoder(testRegistry, LIMITS);
  const environment = { ...server.environment, ...more };
  const tables = async () => testRegistry;
  return {
    store,
    decode,
    environment,
    async settle(...messages) {
      const result = await applyBatch(store, messages.map(decode));
      if (!result.committed) throw new Error("not committed", { cause: result.error });
      return result.settlements;
    },
    letters: (args, surroundings = {}) =>
      runCommand((context) => deadLettersCommand(context, tables), args, { environment, ...surroundings }),
  };
}

let messages = 0;

/** A message as the broker would deliver it. */
export function message(data: unknown, attributes: Readonly<Record<string, string>> = {}): Message {
  messages += 1;
  const bytes = Buffer.isBuffer(data)
    ? data
    : Buffer.from(typeof data === "string" ? data : JSON.stringify(data));
  return { data: bytes, attributes, messageId: `m${messages}`, publishedAt: new Date() };
}

/** An update of a counter that must be there; rejected with `row_missing` as long as it is not. */
export function addTo(id: string, n: number, key: string): Message {
  return message({ table: "counters", op: "update", key: { id }, add: { n } }, { "idempotency-key": key });
}

/** Makes the counter that {@link addTo} misses. */
export async function makeCounter({ settle }: Desk, id: string): Promise<void> {
  const [made] = await settle(message({ table: "counters", op: "insert", key: { id } }));
  assert.equal(made?.outcome, "applied");
}

/** A topic and what pulls from it: a worker that applies what is waiting in one batch after the other. */
export interface Line {
  readonly environment: Readonly<Record<string, string>>;
  /** The messages as they came. */
  readonly seen: Message[];
  /** Starts to pull and apply. */
  start(desk: Desk): void;
}

/** A topic `rowpost-updates` on a project of its own, with a subscription. */
export async function openLine(t: TestContext): Promise<Line> {
  const { host, project, environment } = await broker(t);
  const client = openPubSub({ project, emulatorHost: host });
  const [topic] = await client.api.createTopic("rowpost-updates");
  await topic.createSubscription("line");
  const subscription = client.api.subscription("line", { streamingOptions: { maxStreams: 1 } });
  const seen: Message[] = [];
  let waiting: PulledMessage[] = [];
  let batch: Promise<void> | undefined;
  t.after(async () => {
    await subscription.close();
    await batch;
    await client.close();
  });
  const drain = async ({ settle }: Desk) => {
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      await settle(...taken.map(plain));
      for (const one of taken) one.ack();
    }
    batch = undefined;
  };
  return {
    environment,
    seen,
    start(desk) {
      subscription.on("message", (one: PulledMessage) => {
        seen.push(plain(one));
        waiting.push(one);
        batch ??= drain(desk);
      });
    },
  };
}

function plain({ data, attributes, id, publishTime }: PulledMessage): Message {
  return { data, attributes, messageId: id, publishedAt: new Date(publishTime.getTime()) };
}

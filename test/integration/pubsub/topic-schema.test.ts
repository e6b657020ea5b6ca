import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SchemaTypes } from "@google-cloud/pubsub";
import { createUpdatePublisher } from "../../../src/cli/update-publisher.ts";
import { AVRO_SCHEMA, AVRO_SCHEMA_TEXT } from "../../../src/messages/avro-schema.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { describeTopology } from "../../../src/pubsub/describe-topology.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import type { SchemaEncoding } from "../../../src/pubsub/live-schema.ts";
import type { Delivery } from "../../../src/pubsub/port.ts";
import { createPublisher } from "../../../src/pubsub/publisher.ts";
import { applyTopology, type TopologyConfig } from "../../../src/pubsub/topology.ts";
import { registry } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker, type Scope } from "../../support/servers.ts";
import { Recorder } from "./recorder.ts";
import { clientOf, freshName } from "./topics.ts";

expectNoLeaks();
const client = clientOf({ after }, await broker({ after }));
const LIMIT = { timeout: 60_000 };
const decode = createDecoder(registry, { changes: 100, dataBytes: 1024 * 1024, depth: 64 });

function freshConfig(): TopologyConfig {
  return {
    topic: freshName("updates"),
    subscription: freshName("worker"),
    backstopTopic: freshName("undeliverable"),
    backstopSubscription: freshName("undeliverable-worker"),
    maxDeliveryAttempts: 5,
    deadLetterTopic: undefined,
    messageRetentionHours: 96,
  };
}

const wanted = (encoding?: SchemaEncoding, name = freshName("schema"), definition = AVRO_SCHEMA_TEXT) => ({
  name,
  definition,
  encoding,
});

/** What applying does to the schema and the topic: the first two of its changes. */
async function applied(config: TopologyConfig, schema: ReturnType<typeof wanted>) {
  const { changes, faults } = await applyTopology(client, config, schema);
  assert.deepEqual(faults, []);
  return changes.slice(0, 2).map(({ action, detail }) => `${action}: ${detail}`);
}

const settingsOf = async (topic: string) => (await client.api.topic(topic).getMetadata())[0].schemaSettings;

async function shown(config: TopologyConfig) {
  const described = await describeTopology(client, config, AVRO_SCHEMA_TEXT);
  return described.find(({ kind }) => kind === "schema");
}

/** Pulls what comes to the configured subscription. */
function pulled(scope: Scope, config: TopologyConfig): Recorder {
  const recorder = new Recorder((delivery) => delivery.ack());
  const intake = createIntake(client, {
    subscription: config.subscription,
    streams: 1,
    maxMessages: 100,
    maxBytes: 1_000_000,
  });
  scope.after(() => intake.close(5_000));
  intake.start(recorder);
  return recorder;
}

const ID = "9223372036854775807";
const plain = (id: string | number) =>
  Buffer.from(`{"key":{"id":${id}},"op":"upsert","set":{"content":"<p>é😀</p>"},"table":"toots"}`);
const decoded = ({ data, attributes, messageId }: Pick<Delivery, "data" | "attributes" | "messageId">) =>
  decode({ data, attributes, messageId, publishedAt: new Date(0) });
const fingerprintOf = (data: Buffer) => decoded({ data, attributes: {}, messageId: "" }).fingerprint;

test("the first run makes the schema and a topic with it, the second changes nothing", LIMIT, async () => {
  const config = freshConfig();
  const schema = wanted();
  assert.deepEqual(await applied(config, schema), ["created: new", "created: new, with its schema in JSON"]);
  const [revision, topic] = await applied(config, schema);
  assert.match(revision ?? "", /^unchanged: revision [0-9a-f]{8}$/);
  assert.equal(topic, "unchanged: has its schema, in JSON");
  const seen = await shown(config);
  assert.equal(seen?.state, "as configured");
  assert.match(seen?.details[0] ?? "", /^messages in JSON, revision [0-9a-f]{8}$/);
});

test("a topic that has none gets the schema, and keeps it when it is not asked for", LIMIT, async () => {
  const config = freshConfig();
  await applyTopology(client, config);
  assert.equal(await shown(config), undefined);
  const schema = wanted("BINARY");
  const [, topic] = await applied(config, schema);
  assert.equal(topic, `updated: no schema → schema ${schema.name}, in BINARY`);
  await applyTopology(client, config);
  assert.deepEqual(
    (await applied(config, { ...schema, encoding: undefined }))[1],
    "unchanged: has its schema, in BINARY",
  );
  assert.equal(
    (await applied(config, { ...schema, encoding: "JSON" }))[1],
    `updated: in BINARY → schema ${schema.name}, in JSON`,
  );
  assert.equal((await settingsOf(config.topic))?.encoding, "JSON");
});

test("a text that differs is committed as a revision, once", LIMIT, async () => {
  const config = freshConfig();
  const old = wanted("JSON", freshName("schema"), JSON.stringify({ ...AVRO_SCHEMA, doc: "An older text." }));
  await applied(config, old);
  assert.equal((await shown(config))?.state, "differs");
  const schema = wanted(undefined, old.name);
  assert.match(
    (await applied(config, schema))[0] ?? "",
    /^updated: revision [0-9a-f]{8} → revision [0-9a-f]{8}$/,
  );
  assert.match((await applied(config, schema))[0] ?? "", /^unchanged: /);
  assert.equal((await shown(config))?.state, "as configured");
});

test("two first runs at once both succeed", LIMIT, async () => {
  const config = freshConfig();
  const schema = wanted();
  const runs = await Promise.all([
    applyTopology(client, config, schema),
    applyTopology(client, config, schema),
  ]);
  assert.deepEqual(
    runs.flatMap(({ faults }) => faults),
    [],
  );
});

test(
  "a schema of something else, and a topic with another schema, are left as they are, each with one sentence",
  LIMIT,
  async () => {
    const other = JSON.stringify({ type: "record", name: "Order", fields: [{ name: "n", type: "int" }] });
    const name = freshName("other");
    await client.api.createSchema(name, SchemaTypes.Avro, other);
    const config = freshConfig();
    const { faults } = await applyTopology(client, config, wanted("JSON", name));
    assert.deepEqual(faults, [
      `schema "${name}" in project "${client.project}" is not one of updates (Order): set PUBSUB_SCHEMA to another name.`,
    ]);
    assert.equal(await settingsOf(config.topic), null);
    const taken = freshConfig();
    const settings = { schema: `projects/${client.project}/schemas/${name}`, encoding: "JSON" } as const;
    await client.api.createTopic({ name: taken.topic, schemaSettings: settings });
    const told = (await applyTopology(client, taken, wanted())).faults;
    assert.equal(told.length, 1);
    assert.match(
      told[0] ?? "",
      /^topic "updates-\d+" .* has the schema "other-\d+" in project .*, not the one that PUBSUB_SCHEMA names: /,
    );
    const seen = await shown(taken);
    assert.deepEqual([seen?.state, seen?.details[1]], ["differs", "it is not one of updates (Order)"]);
    const publisher = createUpdatePublisher(client, taken.topic);
    await assert.rejects(publisher.publish(plain(1), {}), {
      name: "PubSubError",
      message:
        /^cannot publish to topic "updates-\d+" .*: it has the schema "other-\d+" in project "[^"]+" \(Order\), which is not that of updates; name another topic$/,
    });
  },
);

for (const encoding of ["JSON", "BINARY"] as const) {
  test(
    `updates go out in ${encoding} and come in as the same updates; the broker refuses what is none`,
    LIMIT,
    async (t) => {
      const config = freshConfig();
      await applied(config, wanted(encoding));
      const arrived = pulled(t, config);
      const publisher = createUpdatePublisher(client, config.topic);
      await Promise.all([publisher.publish(plain(ID), { n: "1" }), publisher.publish(plain(7), { n: "2" })]);
      await arrived.until(() => arrived.deliveries.length === 2);
      for (const delivery of arrived.deliveries) {
        assert.equal(delivery.attributes["googclient_schemaencoding"], encoding);
        const sent = plain(delivery.attributes["n"] === "1" ? ID : 7);
        const { fingerprint, update, rejection } = decoded(delivery);
        assert.equal(rejection, undefined);
        assert.equal(fingerprint, fingerprintOf(sent));
        assert.equal(update?.changes[0]?.key["id"], BigInt(delivery.attributes["n"] === "1" ? ID : 7));
      }
      // What is no update goes out as it is: the broker refuses it, and those beside it pass.
      const results = await Promise.allSettled([
        publisher.publish(plain(8), {}),
        publisher.publish(Buffer.from('{"n":1}'), {}),
        publisher.publish(plain(9), {}),
      ]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.match(
        String(results[1].status === "rejected" && results[1].reason),
        /answered INVALID_ARGUMENT/,
      );
      await arrived.until(() => arrived.deliveries.length === 4);
    },
  );
}

test("a publisher notices that the topic got the schema, and that its encoding changed", LIMIT, async (t) => {
  const config = freshConfig();
  await applyTopology(client, config);
  const arrived = pulled(t, config);
  const publisher = createUpdatePublisher(client, config.topic);
  await publisher.publish(plain(1), {});
  const schema = wanted("JSON");
  for (const encoding of ["JSON", "BINARY"] as const) {
    await applied(config, { ...schema, encoding });
    await Promise.all([publisher.publish(plain(1), {}), publisher.publish(plain(1), {})]);
  }
  await arrived.until(() => arrived.deliveries.length === 5);
  const encodings = arrived.deliveries.map(
    ({ attributes }) => attributes["googclient_schemaencoding"] ?? "plain",
  );
  assert.deepEqual(encodings.sort(), ["BINARY", "BINARY", "JSON", "JSON", "plain"]);
  assert.deepEqual(
    [...new Set(arrived.deliveries.map((delivery) => decoded(delivery).fingerprint))],
    [fingerprintOf(plain(1))],
  );
});

test("a schema in another form, or deleted, is told with what to do", LIMIT, async () => {
  const config = freshConfig();
  const { fields, ...rest } = AVRO_SCHEMA;
  const form = { ...rest, fields: [...fields, { name: "more", type: "string", default: "" }] };
  const old = wanted("JSON", freshName("schema"), JSON.stringify(form));
  await applied(config, old);
  const publisher = createUpdatePublisher(client, config.topic);
  await assert.rejects(
    publisher.publish(plain(1), {}),
    /the schema "schema-\d+" .* is not as this version writes updates; run "rowpost topology apply --schema"$/,
  );
  // A question that failed is asked again.
  await applied(config, wanted("JSON", old.name));
  await publisher.publish(plain(1), {});
  await client.api.schema(old.name).delete();
  assert.equal((await shown(config))?.state, "missing");
  for (const one of [publisher, createUpdatePublisher(client, config.topic)]) {
    await assert.rejects(
      one.publish(plain(1), {}),
      /its schema has been deleted, so it takes no message; run "rowpost topology apply --schema"$/,
    );
  }
  assert.deepEqual(await applied(config, wanted("JSON", old.name)), [
    "created: new",
    `updated: no schema → schema ${old.name}, in JSON`,
  ]);
  await createUpdatePublisher(client, config.topic).publish(plain(1), {});
});

test("a topic that does not exist is told as by any publisher", LIMIT, async () => {
  await assert.rejects(
    createUpdatePublisher(client, "nowhere").publish(plain(1), {}),
    /topic "nowhere" .* does not exist/,
  );
  await assert.rejects(
    createPublisher(client, "nowhere").publish(plain(1), {}),
    /topic "nowhere" .* does not exist/,
  );
});

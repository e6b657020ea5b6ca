import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SchemaTypes } from "@google-cloud/pubsub";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { createPublisher } from "../../../src/pubsub/publisher.ts";
import { PubSubError } from "../../../src/pubsub/trouble.ts";
import { freePort } from "../../../src/local/free-port.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker } from "../../support/servers.ts";
import { Recorder } from "./recorder.ts";
import { clientOf, freshName, topicWithSubscription } from "./topics.ts";

expectNoLeaks();
const client = clientOf({ after }, await broker({ after }));
const LIMIT = { timeout: 60_000 };

test("a publish resolves with the id under which the message is delivered", LIMIT, async (t) => {
  const { topic, subscription } = await topicWithSubscription(client);
  const publisher = createPublisher(client, topic.name);
  const ids = await Promise.all(
    Array.from({ length: 1_200 }, (_, index) =>
      publisher.publish(Buffer.from(`m${index}`), { n: `${index}` }),
    ),
  );
  const recorder = new Recorder((delivery) => delivery.ack());
  const intake = createIntake(client, { subscription, streams: 3, maxMessages: 2_000, maxBytes: 10_000_000 });
  t.after(() => intake.close(5_000));
  intake.start(recorder);
  await recorder.until(() => recorder.deliveries.length === 1_200);
  for (const delivery of recorder.deliveries) {
    const index = Number(delivery.attributes["n"]);
    assert.equal(delivery.messageId, ids[index]);
    assert.equal(delivery.data.toString(), `m${index}`);
  }
});

test("a topic that does not exist is named, with what to do", LIMIT, async () => {
  const publisher = createPublisher(client, "nowhere");
  const error = await publisher.publish(Buffer.from("x"), {}).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof PubSubError);
  assert.equal(error.status, "NOT_FOUND");
  assert.equal(
    error.message,
    `topic "nowhere" in project "${client.project}" does not exist: create it with "rowpost topology apply"`,
  );
  assert.ok(error.cause instanceof Error);
});

test("a message over the broker's limits is refused alone", LIMIT, async () => {
  const { topic } = await topicWithSubscription(client);
  const publisher = createPublisher(client, topic.name);
  const results = await Promise.allSettled([
    publisher.publish(Buffer.from("good"), {}),
    publisher.publish(Buffer.alloc(0), {}),
    publisher.publish(Buffer.from("good"), { a: "b" }),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  assert.match(String(results[1].status === "rejected" && results[1].reason), /needs data or an attribute/);
});

test("a message that the topic's schema refuses does not fail those beside it", LIMIT, async () => {
  const definition = JSON.stringify({ type: "record", name: "R", fields: [{ name: "n", type: "int" }] });
  const schema = await client.api.createSchema(freshName("schema"), SchemaTypes.Avro, definition);
  const name = freshName("topic");
  await client.api.createTopic({
    name,
    schemaSettings: { schema: await schema.getName(), encoding: "JSON" },
  });
  const publisher = createPublisher(client, name);
  const results = await Promise.allSettled(
    ['{"n":1}', '{"n":"one"}', '{"n":3}'].map((text) => publisher.publish(Buffer.from(text), {})),
  );
  assert.deepEqual(
    results.map((result) => result.status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  const refused = results.find((result) => result.status === "rejected");
  assert.match(String(refused?.reason), /answered INVALID_ARGUMENT/);
});

test("a broker that does not answer fails a publish within the time allowed", LIMIT, async (t) => {
  const host = `127.0.0.1:${await freePort()}`;
  const nobody = clientOf(t, { project: "p", host });
  const publisher = createPublisher(nobody, "updates", { timeoutMs: 500 });
  const before = performance.now();
  const error = await publisher.publish(Buffer.from("x"), {}).catch((thrown: unknown) => thrown);
  assert.ok(performance.now() - before < 3_000);
  assert.match(
    String(error),
    /^PubSubError: Pub\/Sub at 127\.0\.0\.1:\d+ does not answer for topic "updates"/,
  );
});

test("close waits for what is on its way, and then nothing more is taken", LIMIT, async () => {
  const { topic } = await topicWithSubscription(client);
  const publisher = createPublisher(client, topic.name);
  let confirmed = 0;
  const sent = Array.from({ length: 700 }, () =>
    publisher.publish(Buffer.from("x"), {}).then(() => {
      confirmed += 1;
    }),
  );
  await publisher.close();
  assert.equal(confirmed, 700);
  await Promise.all(sent);
  await assert.rejects(publisher.publish(Buffer.from("x"), {}), /the publisher is closed/);
  await publisher.close();
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Delivery } from "../../../src/pubsub/port.ts";
import { Pull } from "../../../src/pubsub/pull.ts";
import { FakeSubscriber, grpcError } from "../../support/fake-subscriber.ts";
import { until } from "../../support/until.ts";

const limits = { streams: 2, messages: 10, bytes: 1_000_000, ackBatchMs: 1, leaseSeconds: 60 };

/** A pull on a fake broker, its streams open. */
async function pulling(t: TestContext, more: Partial<typeof limits> = {}, broker = new FakeSubscriber()) {
  const deliveries: Delivery[] = [];
  const told: string[] = [];
  const pull = new Pull(
    broker,
    "projects/p/subscriptions/s",
    { ...limits, ...more },
    {
      delivery: (delivery) => void deliveries.push(delivery),
      interrupted: () => void told.push("interrupted"),
      failed: (error) => void told.push(`failed ${(error as { code: number }).code}`),
      unable: (error) => void told.push(`unable: ${(error as Error).message}`),
      freed: () => void told.push("freed"),
    },
  );
  t.after(() => pull.abandon());
  await broker.initialized.catch(() => {});
  await until("it has begun", () => broker.streams.length > 0 || told.length > 0);
  const stream = (index: number) => broker.streams[index] ?? assert.fail(`there is no stream ${index}`);
  return { pull, broker, deliveries, told, stream };
}

test("the room is shared out among the streams, each of which gets some", async (t) => {
  const { stream } = await pulling(t, { streams: 3, messages: 10, bytes: 2 });
  assert.equal(stream(2).written[0]?.["maxOutstandingMessages"], 4);
  assert.equal(stream(2).written[0]?.["maxOutstandingBytes"], 1);
});

test("without room it is not read from; it is again when a tenth of the room is free", async (t) => {
  const { deliveries, stream } = await pulling(t);
  stream(0).send("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
  assert.deepEqual([stream(0).paused, stream(1).paused], [true, true]);
  deliveries[0]?.ack();
  assert.deepEqual([stream(0).paused, stream(1).paused], [false, false]);
  stream(1).send("k");
  assert.equal(stream(0).paused, true);
});

test("with room for a single message the next one is read when that is settled", async (t) => {
  const { deliveries, stream } = await pulling(t, { messages: 1 });
  stream(0).send("a");
  assert.equal(stream(0).paused, true);
  deliveries[0]?.nack();
  assert.equal(stream(0).paused, false);
});

test("the lease of what is held is renewed until it is settled", async (t) => {
  const { broker, deliveries, stream } = await pulling(t, { leaseSeconds: 0.04 });
  stream(0).send("a", "b");
  deliveries[1]?.ack();
  const renewals = () => broker.asked.filter(({ seconds }) => seconds === 0.04);
  await until("it is renewed twice", () => renewals().length >= 2);
  for (const { ids } of renewals()) assert.deepEqual(ids, ["a"]);
});

test("one refused stream is no failure, all are; another end is an interruption", async (t) => {
  const { told, stream } = await pulling(t);
  stream(0).emit("error", grpcError(7));
  stream(1).emit("error", grpcError(7));
  assert.deepEqual(told, ["interrupted", "failed 7"]);
});

test("missing credentials are told, and open no stream", async (t) => {
  const broker = new FakeSubscriber();
  broker.initialized = Promise.reject(new Error("no credentials"));
  const { told } = await pulling(t, {}, broker);
  assert.deepEqual([told, broker.streams.length], [["unable: no credentials"], 0]);
});

test("it is drained when all is settled and the broker has been told", async (t) => {
  const { pull, broker, deliveries, told, stream } = await pulling(t);
  stream(0).send("a", "b");
  pull.refuse();
  stream(0).send("c");
  pull.close();
  pull.giveAsideBack();
  for (const delivery of deliveries) delivery.ack();
  assert.equal(pull.held, 0);
  await pull.drained;
  assert.deepEqual(told, ["freed", "freed"]);
  assert.deepEqual(broker.asked, [
    { ids: ["a", "b"], seconds: undefined },
    { ids: ["c"], seconds: 0 },
  ]);
});

test("what was kept aside is given back before it is drained", async (t) => {
  const { pull, broker, stream } = await pulling(t);
  pull.refuse();
  stream(0).send("a");
  pull.close();
  let drained = false;
  void pull.drained.then(() => (drained = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(drained, false);
  pull.giveAsideBack();
  await pull.drained;
  assert.deepEqual(broker.asked, [{ ids: ["a"], seconds: 0 }]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { AckRequests } from "../../../src/pubsub/ack-requests.ts";
import { FakeSubscriber, grpcError } from "../../support/fake-subscriber.ts";

const options = { subscription: "projects/p/subscriptions/s", gatherMs: 1, giveUpMs: 5_000 };

/** Requests to a fake broker, and a promise of the moment when it has been told all. */
function requests(more: Partial<typeof options> = {}) {
  const broker = new FakeSubscriber();
  const done = Promise.withResolvers<void>();
  const made = new AckRequests(broker, { ...options, ...more }, done.resolve);
  return { broker, made, idle: done.promise };
}

test("acks and nacks of a moment go in one request each", async () => {
  const { broker, made, idle } = requests();
  for (const id of ["a", "b"]) made.ack(id);
  made.nack("c");
  assert.equal(made.idle, false);
  await idle;
  assert.deepEqual(broker.asked, [
    { ids: ["a", "b"], seconds: undefined },
    { ids: ["c"], seconds: 0 },
  ]);
  assert.equal(made.idle, true);
});

test("no request has more than 2,000 ids, nor more than 400 KiB of them", async () => {
  const short = requests();
  const ids = Array.from({ length: 4_500 }, (_, i) => `id-${i}`);
  for (const id of ids) short.made.ack(id);
  await short.idle;
  assert.deepEqual(
    short.broker.asked.map((asked) => asked.ids.length),
    [2_000, 2_000, 500],
  );
  assert.deepEqual(
    short.broker.asked.flatMap((asked) => asked.ids),
    ids,
  );
  const long = requests();
  for (let i = 0; i < 1_000; i += 1) long.made.ack(`${i}`.padEnd(1_000, "x"));
  await long.idle;
  assert.equal(long.broker.asked.flatMap((asked) => asked.ids).length, 1_000);
  for (const { ids: some } of long.broker.asked) assert.ok(some.join("").length <= 400 * 1_024);
  assert.equal(long.broker.asked.length, 3);
});

test("what a broker that is away did not hear is sent again", async () => {
  const { broker, made, idle } = requests();
  broker.refuse = () => (broker.asked.length < 3 ? grpcError(14) : undefined);
  made.ack("a");
  await idle;
  assert.deepEqual(
    broker.asked.map(({ ids }) => ids),
    [["a"], ["a"], ["a"]],
  );
});

test("of an exactly-once subscription, what failed for a moment is sent again and what failed for good is not", async () => {
  const { broker, made, idle } = requests();
  const errorInfoMetadata = {
    b: "TRANSIENT_FAILURE_UNORDERED_ACK_ID",
    c: "PERMANENT_FAILURE_INVALID_ACK_ID",
  };
  broker.refuse = () => (broker.asked.length === 1 ? grpcError(9, { errorInfoMetadata }) : undefined);
  for (const id of ["a", "b", "c"]) made.ack(id);
  await idle;
  assert.deepEqual(
    broker.asked.map(({ ids }) => ids),
    [["a", "b", "c"], ["b"]],
  );
});

test("what the broker refuses, or does not hear until the lease is over, is given up", async () => {
  const refused = requests();
  refused.broker.refuse = () => grpcError(5);
  refused.made.ack("a");
  await refused.idle;
  assert.equal(refused.broker.asked.length, 1);
  const unheard = requests({ giveUpMs: 0 });
  unheard.broker.refuse = () => grpcError(14);
  unheard.made.ack("a");
  await unheard.idle;
  assert.equal(unheard.broker.asked.length, 1);
});

test("an end waits for nothing, and nothing is sent after it", async () => {
  const { broker, made, idle } = requests();
  broker.refuse = () => grpcError(14);
  made.extend(["a"], 60);
  made.ack("b");
  made.end();
  await idle;
  assert.deepEqual(broker.asked, [{ ids: ["a"], seconds: 60 }]);
});

test("an extension that the broker did not hear is sent again", async () => {
  const { broker, made, idle } = requests();
  broker.refuse = () => (broker.asked.length === 1 ? grpcError(14) : undefined);
  made.extend(["a"], 60);
  await idle;
  assert.deepEqual(broker.asked, [
    { ids: ["a"], seconds: 60 },
    { ids: ["a"], seconds: 60 },
  ]);
});

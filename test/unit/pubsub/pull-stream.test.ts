import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ackIdOf } from "../../../src/pubsub/delivery.ts";
import { PullStream } from "../../../src/pubsub/pull-stream.ts";
import { FakeSubscriber, grpcError } from "../../support/fake-subscriber.ts";

const options = {
  subscription: "projects/p/subscriptions/s",
  leaseSeconds: 60,
  messages: 1_000,
  bytes: 5_000,
};

/** A stream on a fake broker, with time in the test's hands. */
function opened(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const broker = new FakeSubscriber();
  const ids: string[] = [];
  const ends: unknown[] = [];
  const stream = new PullStream(broker, options, {
    received: (messages) => void ids.push(...messages.map(ackIdOf)),
    ended: (error) => void ends.push(error),
  });
  t.after(() => stream.close());
  const at = (index: number) => broker.streams[index] ?? assert.fail(`there is no stream ${index}`);
  return { broker, stream, ids, ends, at };
}

test("the first request names the subscription, its lease and how much may be outstanding", (t) => {
  const { at } = opened(t);
  const [{ clientId, ...request } = {}] = at(0).written;
  assert.match(String(clientId), /^[0-9a-f-]{36}$/);
  assert.deepEqual(request, {
    subscription: options.subscription,
    streamAckDeadlineSeconds: 60,
    maxOutstandingMessages: 1_000,
    maxOutstandingBytes: 5_000,
    protocolVersion: 1,
  });
});

test("whatever ends it, it is opened again, after waits that grow until something comes", (t) => {
  const { broker, ids, ends, at } = opened(t);
  at(0).emit("error", grpcError(14));
  t.mock.timers.tick(100);
  at(1).emit("end");
  t.mock.timers.tick(99);
  assert.equal(broker.streams.length, 2, "the second wait is longer than the first one's least");
  t.mock.timers.tick(101);
  at(2).send("a");
  at(2).emit("error", grpcError(5));
  t.mock.timers.tick(100);
  at(3).send("b");
  at(0).send("late");
  assert.deepEqual(ids, ["a", "b"]);
  assert.equal(ends.length, 3);
});

test("a refusal is told until something comes; an end in the normal course is none", (t) => {
  const { stream, at } = opened(t);
  at(0).emit("error", grpcError(14));
  assert.equal(stream.refusedBy, undefined);
  t.mock.timers.tick(100);
  const refusal = grpcError(7);
  at(1).emit("error", refusal);
  assert.equal(stream.refusedBy, refusal);
  t.mock.timers.tick(200);
  assert.equal(stream.refusedBy, refusal, "it has just been opened again");
  at(2).send();
  assert.equal(stream.refusedBy, undefined);
});

test("a broker that has answered a ping and falls silent gets a new stream; one that never did keeps its own", (t) => {
  const { broker, at } = opened(t);
  t.mock.timers.tick(30_000);
  assert.deepEqual(at(0).written.at(-1), {});
  t.mock.timers.tick(60_000);
  assert.equal(broker.streams.length, 1);
  at(0).send();
  t.mock.timers.tick(30_000);
  at(0).send("a");
  t.mock.timers.tick(29_999);
  assert.equal(broker.streams.length, 1, "a message is an answer too");
  t.mock.timers.tick(1);
  t.mock.timers.tick(15_000);
  assert.equal(at(0).cancelled, true);
  t.mock.timers.tick(100);
  assert.equal(broker.streams.length, 2);
});

test("a paused stream need not answer, and stays paused when it is opened again", (t) => {
  const { broker, stream, at } = opened(t);
  at(0).send();
  stream.pause();
  t.mock.timers.tick(60_000);
  assert.equal(broker.streams.length, 1);
  at(0).emit("error", grpcError(14));
  t.mock.timers.tick(100);
  assert.equal(at(1).paused, true);
  stream.resume();
  assert.equal(at(1).paused, false);
});

test("a closed stream is cancelled, hands out nothing and is not opened again", (t) => {
  const { broker, stream, ids, ends, at } = opened(t);
  stream.close();
  stream.close();
  assert.equal(at(0).cancelled, true);
  at(0).send("a");
  at(0).emit("error", grpcError(1));
  t.mock.timers.tick(60_000);
  assert.deepEqual([broker.streams.length, ids, ends], [1, [], []]);
});

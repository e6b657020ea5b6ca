import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import type { FaultRates } from "../../../src/local/broker/faults.ts";
import { openBroker } from "../../../src/local/broker/open-broker.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import type { Scope } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { ackIdOf, Fixture, refused, textsOf } from "./fixture.ts";

expectNoLeaks();

const LIMIT = { timeout: 60_000 };

/** A broker with these faults, and a fixture on it. */
async function faulty(t: Scope, faults: FaultRates) {
  const broker = await openBroker({ faults, seed: 7 });
  const on = new Fixture(broker.host);
  t.after(async () => {
    await on.close();
    await broker.close();
  });
  return { broker, on };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

test("an injected duplicate comes once more, while it is leased or after its ack", LIMIT, async (t) => {
  const { broker, on } = await faulty(t, { duplicates: { rate: 0.3 } });
  const [topic, subscription] = await on.pair();
  await on.publish(topic, ...numbers(200));
  const stream = await on.stream({ subscription });
  let settled = 0;
  await until("all acknowledged", async () => {
    const some = stream.received.slice(settled);
    settled += some.length;
    if (some.length > 0) await on.acknowledge(subscription, some);
    return some.length === 0 && broker.unacknowledged(subscription) === 0;
  });
  const { duplicates } = broker.faults.counts;
  assert.ok(duplicates > 30 && duplicates < 90, `${duplicates}`);
  assert.equal(stream.received.length, 200 + duplicates);
  assert.equal(new Set(textsOf(stream.received)).size, 200);
});

test("an injected reorder lets a message be overtaken by up to so many others", LIMIT, async (t) => {
  const { broker, on } = await faulty(t, { reorders: { rate: 0.2, window: 5 } });
  const [topic, subscription] = await on.pair();
  await on.publish(topic, ...numbers(200));
  const stream = await on.stream({ subscription });
  const order = textsOf(await stream.until(200)).map(Number);
  assert.deepEqual(
    order.toSorted((a, b) => a - b),
    numbers(200).map(Number),
  );
  const late = order.filter((number, place) => order.slice(0, place).some((other) => other > number));
  assert.ok(late.length > 10 && late.length <= broker.faults.counts.reorders, `${late.length}`);
  for (const number of late) {
    const overtaking = order.slice(0, order.indexOf(number)).filter((other) => other > number);
    assert.ok(overtaking.length <= 5, `${number} was overtaken by ${overtaking}`);
  }
});

test(
  "a late ack is answered at once and takes effect later: a lease that ends before brings the message again",
  LIMIT,
  async (t) => {
    const { broker, on } = await faulty(t, { lateAcks: { rate: 1, delayMs: [2_000, 2_000] } });
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "x");
    const received = await on.expect(subscription, ["x"]);
    await on.modify(subscription, received, 1);
    const start = performance.now();
    await on.acknowledge(subscription, received);
    assert.ok(performance.now() - start < 900);
    await on.expect(subscription, ["x"]);
    await until("the ack takes effect", () => broker.unacknowledged(subscription) === 0);
    assert.ok(performance.now() - start >= 1_900);
    assert.equal(broker.faults.counts.lateAcks, 1);
  },
);

test(
  "a lost ack is answered and never takes effect; with exactly-once delivery it fails for now",
  LIMIT,
  async (t) => {
    const { broker, on } = await faulty(t, { lostAcks: { rate: 1 } });
    const [topic, subscription] = await on.pair();
    const exactly = await on.subscription(topic, { enableExactlyOnceDelivery: true });
    await on.publish(topic, "x");
    const received = await on.expect(subscription, ["x"]);
    await on.acknowledge(subscription, received);
    await on.modify(subscription, received, 1);
    await on.expect(subscription, ["x"]);
    const [one = {}] = await on.expect(exactly, ["x"]);
    await assert.rejects(on.acknowledge(exactly, [one]), (error: { errorInfoMetadata?: object }) => {
      assert.deepEqual(error.errorInfoMetadata, { [ackIdOf(one)]: "TRANSIENT_FAILURE_SERVICE_UNAVAILABLE" });
      return true;
    });
    assert.equal(broker.faults.counts.lostAcks, 2);
    broker.faults.rates = {};
    await on.acknowledge(exactly, [one]);
    assert.equal(broker.unacknowledged(exactly), 0);
  },
);

test("a lease that expires early brings the message again long before its deadline", LIMIT, async (t) => {
  const { broker, on } = await faulty(t, { earlyExpiries: { rate: 1, part: [0.01, 0.02] } });
  const [topic, subscription] = await on.pair({ ackDeadlineSeconds: 60 });
  await on.publish(topic, "x");
  await on.expect(subscription, ["x"]);
  const start = performance.now();
  await on.expect(subscription, ["x"]);
  const ms = performance.now() - start;
  assert.ok(ms >= 500 && ms < 2_500, `${ms} ms`);
  assert.equal(broker.faults.counts.earlyExpiries, 2);
});

for (const [kind, code] of [
  ["UNAVAILABLE", status.UNAVAILABLE],
  ["INTERNAL", status.INTERNAL],
  ["connection", status.UNAVAILABLE],
] as const) {
  test(`an injected reset ends a stream after a response (${kind})`, LIMIT, async (t) => {
    const { broker, on } = await faulty(t, { resets: { rate: 1, kinds: [kind] } });
    const [topic, subscription] = await on.pair();
    await on.publish(topic, "x");
    const stream = await on.stream({ subscription });
    assert.equal((await stream.ended()).code, code);
    if (kind !== "connection") assert.deepEqual(textsOf(stream.received), ["x"]);
    assert.equal(broker.faults.counts.resets, 1);
    broker.faults.rates = {};
    // The lease goes on; another stream gets what comes.
    await on.publish(topic, "y");
    await on.expect(subscription, ["y"]);
  });
}

test("calls are refused in bursts, with the statuses that were asked for", LIMIT, async (t) => {
  const burst = { rate: 1, length: [2, 2], statuses: ["RESOURCE_EXHAUSTED"] } as const;
  const { broker, on } = await faulty(t, {});
  const [topic, subscription] = await on.pair();
  await on.publish(topic, "x");
  const received = await on.expect(subscription, ["x"]);
  broker.faults.rates = { refusals: { publish: burst, pull: burst, acknowledge: burst } };
  await refused(on.publish(topic, "y"), "RESOURCE_EXHAUSTED");
  await refused(on.pull(subscription, 1), "RESOURCE_EXHAUSTED");
  assert.equal((await (await on.stream({ subscription })).ended()).code, status.RESOURCE_EXHAUSTED);
  await refused(on.acknowledge(subscription, received), "RESOURCE_EXHAUSTED");
  await refused(on.modify(subscription, received, 10), "RESOURCE_EXHAUSTED");
  assert.deepEqual(broker.faults.counts.refusals, { publish: 1, pull: 2, acknowledge: 2 });
});

test("the client rides over bursts of refused publishes", LIMIT, async (t) => {
  const burst = { rate: 0.2, length: [1, 2], statuses: ["UNAVAILABLE"] } as const;
  const { broker, on } = await faulty(t, { refusals: { publish: burst } });
  const [topic, subscription] = await on.pair();
  const publisher = on.client.api.topic(topic, { batching: { maxMessages: 1 } });
  await Promise.all(numbers(20).map((text) => publisher.publishMessage({ data: Buffer.from(text) })));
  assert.ok(broker.faults.counts.refusals.publish > 2);
  assert.equal(broker.unacknowledged(subscription), 20);
});

test("slow responses come later, and no faster than their bandwidth", LIMIT, async (t) => {
  const slowness = { latencyMs: [300, 300], bytesPerSecond: 20_000 } as const;
  const { broker, on } = await faulty(t, { slowness });
  const [topic, subscription] = await on.pair();
  const stream = await on.stream({ subscription });
  const start = performance.now();
  await on.publish(topic, { data: Buffer.alloc(10_000) });
  await stream.until(1);
  const ms = performance.now() - start;
  assert.ok(ms >= 790 && ms < 3_000, `${ms} ms`);
  assert.equal(broker.faults.counts.slowResponses, 1);
});

test("faults are changed and counted over HTTP, too", LIMIT, async (t) => {
  const { broker, on } = await faulty(t, {});
  const url = `http://${broker.host}/faults`;
  const rates = { refusals: { publish: { rate: 1, length: [1, 1], statuses: ["UNAVAILABLE"] } } };
  const put = await fetch(url, { method: "PUT", body: JSON.stringify(rates) });
  assert.equal(put.status, 200);
  await refused(on.publish(await on.topic(), "x"), "UNAVAILABLE");
  const told = (await (await fetch(url)).json()) as { rates: object; counts: { refusals: object } };
  assert.deepEqual(told.rates, rates);
  assert.deepEqual(told.counts.refusals, { publish: 1, pull: 0, acknowledge: 0 });
  assert.equal((await fetch(url, { method: "PUT", body: "{" })).status, 400);
  assert.equal((await fetch(`http://${broker.host}/elsewhere`)).status, 404);
});

test(
  "with all faults at once every message is delivered at least once, and all get acknowledged",
  LIMIT,
  async (t) => {
    const { broker, on } = await faulty(t, {
      duplicates: { rate: 0.05 },
      reorders: { rate: 0.1, window: 20 },
      lateAcks: { rate: 0.05, delayMs: [100, 500] },
      lostAcks: { rate: 0.02 },
      earlyExpiries: { rate: 0.05, part: [0.001, 0.02] },
      resets: { rate: 0.05 },
      refusals: {
        publish: { rate: 0.05, length: [1, 2], statuses: ["UNAVAILABLE"] },
        pull: { rate: 0.1, length: [1, 2] },
        acknowledge: { rate: 0.1, length: [1, 2] },
      },
      slowness: { latencyMs: [0, 3] },
    });
    const [topic, name] = await on.pair();
    const seen = new Set<string>();
    const subscription = on.client.api.subscription(name, { batching: { maxMilliseconds: 5 } });
    subscription.on("message", (message) => {
      seen.add(message.data.toString());
      message.ack();
    });
    const publisher = on.client.api.topic(topic, { batching: { maxMessages: 50 } });
    const texts = numbers(20_000);
    const missing = () => {
      const { refusals, ...counts } = broker.faults.counts;
      const all = { ...counts, acknowledge: refusals.acknowledge };
      return Object.entries(all).filter(([, count]) => count === 0);
    };
    // Until each fault has happened: how many responses and requests there are, the machine decides.
    let sent = 0;
    while (sent < 2_000 || (missing().length > 0 && sent < texts.length)) {
      const part = texts.slice(sent, sent + 500);
      sent += part.length;
      await Promise.all(part.map((text) => publisher.publishMessage({ data: Buffer.from(text) })));
      await until("all are seen", () => seen.size === sent, { timeoutMs: 30_000, seen: () => seen.size });
    }
    assert.deepEqual(missing(), []);
    broker.faults.rates = {};
    // What was lost comes again: at once with a seek, which gives all back that is not acknowledged.
    await on.subscriber.seek({ subscription: name, time: { seconds: 1 } });
    await until("all are acknowledged", () => broker.unacknowledged(name) === 0, { timeoutMs: 20_000 });
    await subscription.close();
  },
);

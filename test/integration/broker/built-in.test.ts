import assert from "node:assert/strict";
import { test } from "node:test";
import { openBroker } from "../../../src/local/broker/open-broker.ts";
import { brokerProcess } from "../../support/broker-process.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import type { Scope } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { Fixture, refused, textsOf } from "./fixture.ts";

expectNoLeaks();

const LIMIT = { timeout: 60_000 };
const ONCE = { retry: null };

async function builtIn(t: Scope, options = {}) {
  const broker = await openBroker(options);
  const on = new Fixture(broker.host);
  t.after(async () => {
    await on.close();
    await broker.close();
  });
  return { broker, on };
}

test("what waits is shared between the streams that have room", LIMIT, async (t) => {
  const { on } = await builtIn(t);
  const [topic, subscription] = await on.pair();
  const streams = [await on.stream({ subscription }), await on.stream({ subscription })];
  await until("both are connected", () => streams.every(({ responses }) => responses.length > 0));
  await on.publish(topic, ...Array.from({ length: 100 }, (_, n) => String(n)));
  await until("all", () => streams.reduce((sum, { received }) => sum + received.length, 0) === 100);
  for (const { received } of streams) assert.ok(received.length >= 25, `${received.length}`);
});

test(
  "a message older than its subscription's retention is dropped, acknowledged or not",
  LIMIT,
  async (t) => {
    let now = Date.now();
    const { broker, on } = await builtIn(t, { now: () => now });
    const retention = { messageRetentionDuration: { seconds: 3_600 } };
    const [topic, subscription] = await on.pair({ ...retention, retainAckedMessages: true });
    await on.publish(topic, "acknowledged");
    await on.acknowledge(subscription, await on.expect(subscription, ["acknowledged"]));
    await on.publish(topic, "waiting");
    now += 3_500_000;
    await on.publish(topic, "younger");
    now += 200_000;
    await on.acknowledge(subscription, await on.expect(subscription, ["younger"]));
    assert.equal(broker.unacknowledged(subscription), 0);
    await on.subscriber.seek({ subscription, time: { seconds: 1 } });
    await on.expect(subscription, ["younger"]);
    await on.expectNothing(topic, subscription);
  },
);

test("a topic's retention ends, too", LIMIT, async (t) => {
  let now = Date.now();
  const { on } = await builtIn(t, { now: () => now });
  const topic = await on.topic({ messageRetentionDuration: { seconds: 3_600 } });
  const subscription = await on.subscription(topic);
  await on.publish(topic, "old");
  await on.acknowledge(subscription, await on.expect(subscription, ["old"]));
  now += 3_700_000;
  await on.publish(topic, "new");
  await on.subscriber.seek({ subscription, time: { seconds: 1 } });
  await on.acknowledge(subscription, await on.expect(subscription, ["new"]));
  await on.expectNothing(topic, subscription);
});

test(
  "as a process of its own it has its faults from the start, and a new one is empty and gives other ids",
  LIMIT,
  async (t) => {
    const burst = { rate: 1, length: [1, 1], statuses: ["UNAVAILABLE"] } as const;
    const { host, server } = await brokerProcess(t, { seed: 1, faults: { refusals: { publish: burst } } });
    const ids: string[] = [];
    for (let round = 0; round < 2; round++) {
      const on = new Fixture(host);
      const [topic, subscription] = await on.pair();
      await refused(on.publish(topic, "x"), "UNAVAILABLE");
      await fetch(`http://${host}/faults`, { method: "PUT", body: "{}" });
      ids.push(...(await on.publish(topic, "y")));
      assert.deepEqual(textsOf(await on.pull(subscription, 1)), ["y"]);
      await on.close();
      if (round === 1) break;
      await server.stop();
      await assert.rejects(fetch(`http://${host}/`));
      await server.start();
    }
    assert.equal(new Set(ids).size, 2);
  },
);

test("what it does not have is UNIMPLEMENTED, not left out in silence", LIMIT, async (t) => {
  const { on } = await builtIn(t);
  const [topic, subscription] = await on.pair();
  const pushConfig = { pushEndpoint: "https://example.org" };
  await refused(on.subscription(topic, { pushConfig }), "UNIMPLEMENTED");
  await refused(on.subscription(topic, { bigqueryConfig: { table: "t" } }), "UNIMPLEMENTED");
  await refused(on.subscriber.modifyPushConfig({ subscription, pushConfig }, ONCE), "UNIMPLEMENTED");
  await refused(on.subscriber.createSnapshot({ name: "s", subscription }, ONCE), "UNIMPLEMENTED");
  await refused(on.subscriber.seek({ subscription, snapshot: "s" }, ONCE), "UNIMPLEMENTED");
  await refused(on.client.api.topic(topic).iam.getPolicy(), "UNIMPLEMENTED");
});

test("closing it ends its streams and its port, twice without harm", LIMIT, async (t) => {
  const { broker, on } = await builtIn(t);
  const [topic, subscription] = await on.pair();
  await on.publish(topic, "x");
  const stream = await on.stream({ subscription });
  await stream.until(1);
  await Promise.all([broker.close(), broker.close()]);
  assert.equal((await stream.ended()).code, 14);
  await assert.rejects(fetch(`http://${broker.host}/`));
});

test(
  "a late ack counts while its message waits to come again, but not where an order brings it again",
  LIMIT,
  async (t) => {
    const { broker, on } = await builtIn(t);
    const [topic, subscription] = await on.pair();
    const ordered = await on.subscription(topic, { enableMessageOrdering: true });
    const texts = ["0", "1", "2"];
    await on.publish(topic, ...texts.map((text) => ({ data: Buffer.from(text), orderingKey: "k" })));
    const received = await on.expect(subscription, texts);
    await on.modify(subscription, received, 0);
    await on.acknowledge(subscription, received);
    await on.expectNothing(topic, subscription);
    assert.equal(broker.unacknowledged(subscription), 0);
    const [first = {}, ...others] = await on.expect(ordered, [...texts, "sentinel"]);
    await on.modify(ordered, [first], 0);
    await on.acknowledge(ordered, others);
    await on.expect(ordered, texts);
  },
);

test("an ack id of another subscription acknowledges nothing", LIMIT, async (t) => {
  const { broker, on } = await builtIn(t);
  const [topic, subscription] = await on.pair();
  const other = await on.subscription(topic);
  await on.publish(topic, "x");
  const received = await on.expect(subscription, ["x"]);
  await on.expect(other, ["x"]);
  await on.acknowledge(other, received);
  assert.equal(broker.unacknowledged(other), 1);
});

test("a seek brings back from the topic what the filter lets through", LIMIT, async (t) => {
  const { on } = await builtIn(t);
  const topic = await on.topic({ messageRetentionDuration: { seconds: 3_600 } });
  const subscription = await on.subscription(topic, { filter: "attributes:more" });
  await on.publish(topic, "out", { data: Buffer.from("in"), attributes: { more: "1" } });
  await on.subscriber.seek({ subscription, time: { seconds: 1 } });
  await on.acknowledge(subscription, await on.expect(subscription, ["in"]));
  await on.expectNothing(topic, subscription);
});

test("a publish time that a publisher gives is overruled to the last digit", LIMIT, async (t) => {
  const { on } = await builtIn(t, { now: () => 1_790_000_000_000 });
  const [topic, subscription] = await on.pair();
  await on.publish(topic, { data: Buffer.from("x"), publishTime: { seconds: 7, nanos: 5 } });
  const [received] = await on.pull(subscription, 1);
  const { seconds, nanos } = received?.message?.publishTime ?? {};
  assert.deepEqual([Number(seconds), nanos], [1_790_000_000, 0]);
});

test("a Pull for which nothing comes is answered, empty, shortly before its deadline", LIMIT, async (t) => {
  const { on } = await builtIn(t);
  const [, subscription] = await on.pair();
  const start = performance.now();
  const [answer] = await on.subscriber.pull({ subscription, maxMessages: 1 }, { ...ONCE, timeout: 1_000 });
  assert.deepEqual(answer.receivedMessages, []);
  assert.ok(performance.now() - start > 600);
});

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { describeSubscription } from "../../../src/pubsub/describe-subscription.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { applyTopology, type TopologyConfig } from "../../../src/pubsub/topology.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker } from "../../support/servers.ts";
import { Recorder } from "./recorder.ts";
import { clientOf, freshName } from "./topics.ts";

expectNoLeaks();
const client = clientOf({ after }, await broker({ after }));
const LIMIT = { timeout: 60_000 };

function freshConfig(): TopologyConfig {
  return {
    topic: freshName("updates"),
    subscription: freshName("worker"),
    backstopTopic: freshName("undeliverable"),
    backstopSubscription: freshName("undeliverable-worker"),
    maxDeliveryAttempts: 5,
    deadLetterTopic: freshName("rejected"),
    messageRetentionHours: 96,
  };
}

const actions = async (config: TopologyConfig) =>
  (await applyTopology(client, config)).changes.map((change) => change.action);

test("the first run creates all, the second changes nothing", LIMIT, async () => {
  const config = freshConfig();
  const first = await applyTopology(client, config);
  assert.deepEqual(
    first.changes.map(({ resource, action }) => `${action} ${resource}`),
    [
      `created topic "${config.topic}" in project "${client.project}"`,
      `created topic "${config.backstopTopic}" in project "${client.project}"`,
      `created topic "${config.deadLetterTopic}" in project "${client.project}"`,
      `created subscription "${config.backstopSubscription}" in project "${client.project}"`,
      `created subscription "${config.subscription}" in project "${client.project}"`,
    ],
  );
  assert.deepEqual(first.faults, []);
  assert.deepEqual(await actions(config), Array(5).fill("unchanged"));
});

test(
  "the subscription keeps messages as configured, never expires, backs off and has a dead-letter policy",
  LIMIT,
  async () => {
    const config = freshConfig();
    await applyTopology(client, config);
    const [live] = await client.api.subscription(config.subscription).getMetadata();
    assert.equal(live.ackDeadlineSeconds, 60);
    assert.equal(Number(live.expirationPolicy?.ttl?.seconds ?? 0), 0);
    assert.equal(Number(live.retryPolicy?.minimumBackoff?.seconds), 1);
    assert.equal(Number(live.retryPolicy?.maximumBackoff?.seconds), 60);
    assert.equal(live.deadLetterPolicy?.maxDeliveryAttempts, 5);
    assert.equal(live.deadLetterPolicy?.deadLetterTopic, client.api.topic(config.backstopTopic).name);
    assert.deepEqual(await describeSubscription(client, config.subscription), {
      known: true,
      messageRetentionHours: 96,
      topicRetentionHours: 0,
    });
  },
);

test("two first runs at once both succeed", LIMIT, async () => {
  const config = freshConfig();
  const runs = await Promise.all([applyTopology(client, config), applyTopology(client, config)]);
  assert.deepEqual(
    runs.flatMap((run) => run.faults),
    [],
  );
  assert.deepEqual(await actions(config), Array(5).fill("unchanged"));
});

test("a changed configuration updates what differs, and says what", LIMIT, async () => {
  const config = { ...freshConfig(), deadLetterTopic: undefined };
  await applyTopology(client, config);
  const changed = { ...config, messageRetentionHours: 24, maxDeliveryAttempts: 9 };
  const { changes } = await applyTopology(client, changed);
  assert.deepEqual(
    changes.map((change) => change.action),
    ["unchanged", "unchanged", "updated", "updated"],
  );
  assert.match(changes[3]?.detail ?? "", /message retention 96 h → message retention 24 h/);
  assert.match(changes[3]?.detail ?? "", /after 5 deliveries → .* after 9 deliveries/);
  assert.deepEqual(await actions(changed), Array(4).fill("unchanged"));
});

test("a subscription made by hand is brought into line", LIMIT, async () => {
  const config = { ...freshConfig(), deadLetterTopic: undefined };
  await client.api.createTopic(config.topic);
  await client.api.createSubscription(config.topic, config.subscription);
  const { changes } = await applyTopology(client, config);
  assert.match(
    changes[3]?.detail ?? "",
    /ack deadline 10 s → ack deadline 60 s.*retry at once → retry 1 s to 60 s.*no dead letters → dead letters to/,
  );
  assert.deepEqual(await actions(config), Array(4).fill("unchanged"));
});

test("a subscription of another topic is a fault that says so, and is left as it is", LIMIT, async () => {
  const config = freshConfig();
  await applyTopology(client, config);
  const moved = { ...config, topic: freshName("moved"), messageRetentionHours: 24 };
  const { faults } = await applyTopology(client, moved);
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? "", /belongs to topic .*, and a subscription cannot change its topic\./);
  const described = await describeSubscription(client, config.subscription);
  assert.deepEqual(described, { known: true, messageRetentionHours: 96, topicRetentionHours: 0 });
});

test("a missing subscription is described as missing", LIMIT, async () => {
  const described = await describeSubscription(client, "nowhere");
  assert.ok(!described.known);
  assert.match(described.reason, /subscription "nowhere" .* does not exist/);
});

test("a message that is given back too often lands in the backstop subscription", LIMIT, async (t) => {
  const config = { ...freshConfig(), deadLetterTopic: undefined };
  await applyTopology(client, config);
  const limits = { streams: 1, maxMessages: 10, maxBytes: 1_000_000 };
  const giver = new Recorder((delivery) => delivery.nack());
  const intake = createIntake(client, { subscription: config.subscription, ...limits });
  const backstop = createIntake(client, { subscription: config.backstopSubscription, ...limits });
  t.after(() => Promise.all([intake.close(2_000), backstop.close(2_000)]));
  const keeper = new Recorder((delivery) => delivery.ack());
  intake.start(giver);
  backstop.start(keeper);
  await client.api
    .topic(config.topic)
    .publishMessage({ data: Buffer.from("poison"), attributes: { a: "b" } });
  await keeper.until(() => keeper.deliveries.length === 1);
  assert.deepEqual(
    giver.deliveries.map((delivery) => delivery.attempt),
    [1, 2, 3, 4, 5],
  );
  const [kept] = keeper.deliveries;
  assert.equal(kept?.data.toString(), "poison");
  assert.equal(kept?.attributes["a"], "b");
  assert.equal(kept?.attributes["CloudPubSubDeadLetterSourceSubscription"], config.subscription);
});

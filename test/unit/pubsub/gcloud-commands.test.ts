import assert from "node:assert/strict";
import { test } from "node:test";
import { AVRO_SCHEMA_TEXT } from "../../../src/messages/avro-schema.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { gcloudCommands, grantCommands } from "../../../src/pubsub/gcloud-commands.ts";
import type { TopologyConfig } from "../../../src/pubsub/topology.ts";

const client = openPubSub({ project: "shop", emulatorHost: "127.0.0.1:9" });
const config: TopologyConfig = {
  topic: "updates",
  subscription: "updates-worker",
  backstopTopic: "undeliverable",
  backstopSubscription: "undeliverable-worker",
  maxDeliveryAttempts: 20,
  deadLetterTopic: "rejected",
  messageRetentionHours: 96,
};
const NUMBER = "$(gcloud projects describe shop --format='value(projectNumber)')";
const AGENT = `--member="serviceAccount:service-${NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"`;
const KEPT = "--message-retention-duration=345600s --expiration-period=never";
const PACE = "--min-retry-delay=1s --max-retry-delay=60s";

test("the commands make every topic, then the subscriptions with all that is decided, then the grants", () => {
  assert.deepEqual(gcloudCommands(client, config), [
    "gcloud pubsub topics create projects/shop/topics/updates",
    "gcloud pubsub topics create projects/shop/topics/undeliverable",
    "gcloud pubsub topics create projects/shop/topics/rejected",
    `gcloud pubsub subscriptions create projects/shop/subscriptions/undeliverable-worker --topic=projects/shop/topics/undeliverable --ack-deadline=60 ${KEPT} ${PACE}`,
    `gcloud pubsub subscriptions create projects/shop/subscriptions/updates-worker --topic=projects/shop/topics/updates --ack-deadline=60 ${KEPT} ${PACE} --dead-letter-topic=projects/shop/topics/undeliverable --max-delivery-attempts=20`,
    `gcloud pubsub topics add-iam-policy-binding projects/shop/topics/undeliverable ${AGENT} --role=roles/pubsub.publisher`,
    `gcloud pubsub subscriptions add-iam-policy-binding projects/shop/subscriptions/updates-worker ${AGENT} --role=roles/pubsub.subscriber`,
  ]);
});

test("with a schema it comes first, in one quoted word, and the topic of the updates names it", () => {
  const schema = { name: "update", definition: AVRO_SCHEMA_TEXT, encoding: "BINARY" } as const;
  const [made, topic, other] = gcloudCommands(client, config, schema);
  const [, id, text = ""] =
    /^gcloud pubsub schemas create (\w+) --project=shop --type=avro '--definition=(.*)'$/.exec(made ?? "") ??
    [];
  assert.equal(id, "update");
  assert.deepEqual(JSON.parse(text.replaceAll("'\\''", "'")), JSON.parse(AVRO_SCHEMA_TEXT));
  assert.equal(
    topic,
    "gcloud pubsub topics create projects/shop/topics/updates --schema=projects/shop/schemas/update --message-encoding=binary",
  );
  assert.equal(other, "gcloud pubsub topics create projects/shop/topics/undeliverable");
});

test("the service agent is that of the subscription's own project", () => {
  const elsewhere = { ...config, subscription: "projects/depot/subscriptions/updates-worker" };
  for (const command of grantCommands(client, elsewhere)) {
    assert.match(command, /service-\$\(gcloud projects describe depot /);
  }
});

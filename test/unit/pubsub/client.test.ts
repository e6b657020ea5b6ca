import assert from "node:assert/strict";
import { test } from "node:test";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { deadLetterAdvice } from "../../../src/pubsub/dead-letter-advice.ts";

delete process.env["PUBSUB_EMULATOR_HOST"];

test("an emulator is taken by its address, without the environment", async () => {
  await using client = openPubSub({ project: "p", emulatorHost: "127.0.0.1:9" });
  assert.equal(client.emulator, true);
  assert.equal(client.address, "127.0.0.1:9");
  assert.equal(client.api.projectId, "p");
  assert.equal(client.connect({}).isEmulator, true);
});

test("without one it is Google, with credentials; closing twice does no harm", async () => {
  const client = openPubSub({ project: "p" });
  assert.equal(client.emulator, false);
  assert.equal(client.address, "pubsub.googleapis.com");
  await client.close();
  await client.close();
});

test("the advice on dead letters is commands with every name filled in", async () => {
  await using client = openPubSub({ project: "shop" });
  const advice = deadLetterAdvice(client, "updates-worker", "undeliverable");
  assert.equal(advice.length, 2);
  assert.match(
    advice[0] ?? "",
    /topics add-iam-policy-binding projects\/shop\/topics\/undeliverable .*roles\/pubsub\.publisher$/,
  );
  assert.match(
    advice[1] ?? "",
    /subscriptions add-iam-policy-binding projects\/shop\/subscriptions\/updates-worker .*subscriber$/,
  );
  assert.ok(advice.every((line) => line.includes("gcloud projects describe shop")));
});

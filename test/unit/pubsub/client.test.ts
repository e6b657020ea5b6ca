import assert from "node:assert/strict";
import { test } from "node:test";
import { openPubSub } from "../../../src/pubsub/client.ts";

delete process.env["PUBSUB_EMULATOR_HOST"];

test("an emulator is taken by its address, without the environment", async () => {
  await using client = openPubSub({ project: "p", emulatorHost: "127.0.0.1:9" });
  assert.equal(client.emulator, true);
  assert.equal(client.address, "127.0.0.1:9");
  assert.equal(client.api.projectId, "p");
  await client.subscriber().close();
});

test("without one it is Google, with credentials; closing twice does no harm", async () => {
  const client = openPubSub({ project: "p" });
  assert.equal(client.emulator, false);
  assert.equal(client.address, "pubsub.googleapis.com");
  await client.close();
  await client.close();
});

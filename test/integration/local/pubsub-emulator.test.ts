import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import test from "node:test";
import { PubSub } from "@google-cloud/pubsub";
import { openEmulator } from "../../../src/local/pubsub-emulator.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { testFolder } from "../../support/leg.ts";
import { broker, privateBroker } from "../../support/servers.ts";

expectNoLeaks();

/** The client, without a look for Google's metadata server. */
function client(host: string, projectId: string): PubSub {
  const options = { projectId, apiEndpoint: host, emulatorMode: true, universeDomain: "googleapis.com" };
  return new PubSub(options);
}

test("a private emulator carries a message and leaves no process behind", async (t) => {
  const folder = await testFolder();
  t.after(() => rm(folder, { recursive: true, force: true }));
  const emulator = await openEmulator({ folder });
  const pubsub = client(emulator.host, "rowpost-local");
  const [topic] = await pubsub.createTopic("words");
  const [subscription] = await topic.createSubscription("words-all");
  const id = await topic.publishMessage({ data: Buffer.from("hello") });
  const message = await new Promise<{ id: string; data: Buffer }>((resolve) => {
    subscription.on("message", (received) => {
      received.ack();
      resolve(received);
    });
  });
  assert.deepEqual([message.id, message.data.toString()], [id, "hello"]);
  await subscription.close();
  await pubsub.close();
  const pid = emulator.server?.pid;
  assert.ok(pid !== undefined);
  await emulator[Symbol.asyncDispose]();
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  await assert.rejects(fetch(`http://${emulator.host}/`));
});

test("each test's broker is a project of its own", async (t) => {
  const [one, two] = [await broker(t), await broker(t)];
  const [first, second] = [client(one.host, one.project), client(two.host, two.project)];
  await first.createTopic("words");
  assert.deepEqual(
    (await Promise.all([first.getTopics(), second.getTopics()])).map(([topics]) => topics.length),
    [1, 0],
  );
  await Promise.all([first.close(), second.close()]);
});

test("a stopped broker comes back on its port, and is empty then", async (t) => {
  const { host, project, server } = await privateBroker(t);
  const pubsub = client(host, project);
  await pubsub.createTopic("words");
  await server.stop();
  await assert.rejects(fetch(`http://${host}/`));
  await server.start();
  const [topics] = await pubsub.getTopics();
  assert.deepEqual(topics, []);
  await pubsub.close();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { iamOf } from "../../../src/pubsub/iam.ts";

/** What is said of a project's number when the Resource Manager answers so. */
async function numberWhen(answer: () => unknown) {
  await using client = openPubSub({ project: "shop", emulatorHost: "127.0.0.1:9" });
  const asked: string[] = [];
  client.api.auth.request = (async ({ url }: { url: string }) => {
    asked.push(url);
    return { data: answer() };
  }) as unknown as typeof client.api.auth.request;
  const found = await iamOf(client).projectNumber("shop");
  assert.deepEqual(asked, ["https://cloudresourcemanager.googleapis.com/v3/projects/shop"]);
  return found;
}

test("a project's number is in the name that the Resource Manager gives it", async () => {
  assert.deepEqual(await numberWhen(() => ({ name: "projects/42", projectId: "shop" })), { number: "42" });
});

test("a number that cannot be read is a value with the service's words on one line", async () => {
  assert.deepEqual(await numberWhen(() => ({ name: "folders/42" })), { unknown: "it is named folders/42" });
  const refused = await numberWhen(() => {
    throw new Error("Cloud Resource Manager API has not been used\nin project 7");
  });
  assert.deepEqual(refused, { unknown: "Cloud Resource Manager API has not been used in project 7" });
});

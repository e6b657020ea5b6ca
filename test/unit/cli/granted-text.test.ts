import assert from "node:assert/strict";
import { test } from "node:test";
import { grantedText } from "../../../src/cli/granted-text.ts";

const change = {
  resource: 'topic "undeliverable" in project "shop"',
  action: "updated",
  detail: "roles/pubsub.publisher for serviceAccount:agent",
} as const;
const LINE =
  'updated    topic "undeliverable" in project "shop": roles/pubsub.publisher for serviceAccount:agent\n';

test("grants that were made are lines like other changes", () => {
  assert.equal(grantedText({ kind: "granted", changes: [change] }, ["gcloud …"]), LINE);
});

test("who may not grant is told why, what was granted before, and the commands for somebody who may", () => {
  const refused = { kind: "refused", changes: [change], reason: "no permission to grant rights" } as const;
  assert.equal(
    grantedText(refused, ["gcloud a", "gcloud b"]),
    `${LINE}skipped    no permission to grant rights

Once, somebody who may must let Pub/Sub itself move messages to the dead-letter topic:
  gcloud a
  gcloud b
`,
  );
});

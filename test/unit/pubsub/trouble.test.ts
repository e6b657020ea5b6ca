import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, PubSubError, type Resource, statusOf } from "../../../src/pubsub/trouble.ts";

const subscription: Resource = {
  kind: "subscription",
  name: "updates-worker",
  project: "shop",
  address: "pubsub.googleapis.com",
  purpose: "pull from",
};
const coded = (code: number, message: string) => Object.assign(new Error(message), { code });

test("a missing resource is named with what to do", () => {
  assert.equal(
    explain(coded(5, "5 NOT_FOUND: Resource not found"), subscription),
    'subscription "updates-worker" in project "shop" does not exist: create it with "rowpost topology apply"',
  );
});

test("a full name brings its own project", () => {
  const other = { ...subscription, name: "projects/other/subscriptions/updates" };
  assert.match(explain(coded(5, "x"), other), /^subscription "updates" in project "other" does not exist/);
});

test("a refusal names the role that is missing, by what was wanted", () => {
  const roles = (["pull from", "publish to", "read", "look after", "grant rights on"] as const).map(
    (purpose) => {
      const sentence = explain(coded(7, "7 PERMISSION_DENIED: User not authorized"), {
        ...subscription,
        purpose,
      });
      return /roles\/pubsub\.\w+/.exec(sentence)?.[0];
    },
  );
  assert.deepEqual(roles, [
    "roles/pubsub.subscriber",
    "roles/pubsub.publisher",
    "roles/pubsub.viewer",
    "roles/pubsub.editor",
    "roles/pubsub.admin",
  ]);
});

test("silence names the address", () => {
  const sentence = explain(coded(14, "14 UNAVAILABLE: connect ECONNREFUSED 10.0.0.1:443"), subscription);
  assert.equal(
    sentence,
    'Pub/Sub at pubsub.googleapis.com does not answer for subscription "updates-worker" in project "shop": ' +
      "check the network and its status (connect ECONNREFUSED 10.0.0.1:443)",
  );
});

test("the history of tries is left out, and a sentence stays on one line", () => {
  const long = `Total timeout exceeded : Previous errors : [${"x".repeat(5_000)}]`;
  assert.match(explain(coded(4, long), subscription), /\(Total timeout exceeded\)$/);
  const lines = explain(new Error("Could not load\n  the default credentials"), subscription);
  assert.match(
    lines,
    /^cannot pull from .* at pubsub\.googleapis\.com: Could not load the default credentials$/,
  );
});

test("every other status is named", () => {
  assert.match(explain(coded(2, ""), subscription), /Pub\/Sub answered UNKNOWN \(no detail given\)/);
  assert.match(explain(coded(16, "bad token"), subscription), /does not accept the credentials/);
});

test("an error keeps its status and its cause", () => {
  const cause = coded(7, "no");
  const error = new PubSubError(subscription, cause);
  assert.equal(error.status, "PERMISSION_DENIED");
  assert.equal(error.cause, cause);
  assert.equal(statusOf(new Error("no code")), undefined);
  assert.equal(statusOf(Object.assign(new Error("socket"), { code: "ECONNRESET" })), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Policy } from "@google-cloud/pubsub";
import { openPubSub } from "../../../src/pubsub/client.ts";
import type { Grant } from "../../../src/pubsub/dead-letter-grants.ts";
import { grantDeadLetters, withMember } from "../../../src/pubsub/grant-dead-letters.ts";
import type { Iam } from "../../../src/pubsub/iam.ts";

const client = openPubSub({ project: "shop", emulatorHost: "127.0.0.1:9" });
const config = { subscription: "updates-worker", backstopTopic: "undeliverable" };
const AGENT = "serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com";
const TOPIC = "projects/shop/topics/undeliverable";
const SUBSCRIPTION = "projects/shop/subscriptions/updates-worker";
const coded = (code: number, message: string) => Object.assign(new Error(message), { code });

/** Policies by name, kept as the service keeps them: a write with an old etag is refused. */
class Policies implements Iam {
  readonly #kept = new Map<string, Policy>();
  writes = 0;
  /** Runs before the next write: another one's. */
  meanwhile: (() => void) | undefined;

  at(name: string): Policy {
    return this.#kept.get(name) ?? { etag: "0", bindings: [] };
  }

  put(name: string, policy: Policy): void {
    this.#kept.set(name, { ...policy, etag: String(Number(this.at(name).etag) + 1) });
  }

  async policyOf({ name }: Grant) {
    return this.at(name);
  }

  async setPolicy({ name }: Grant, policy: Policy) {
    this.meanwhile?.();
    this.meanwhile = undefined;
    this.writes++;
    if (policy.etag !== this.at(name).etag) throw coded(10, "10 ABORTED: the policy has changed");
    this.put(name, policy);
  }

  async projectNumber(project: string) {
    return project === "shop" ? { number: "42" } : { unknown: "no such project" };
  }
}

test("the service agent may then publish dead letters and acknowledge, and a second run changes nothing", async () => {
  const iam = new Policies();
  const first = await grantDeadLetters(client, config, iam);
  assert.deepEqual(first, {
    kind: "granted",
    changes: [
      {
        resource: 'topic "undeliverable" in project "shop"',
        action: "updated",
        detail: `roles/pubsub.publisher for ${AGENT}`,
      },
      {
        resource: 'subscription "updates-worker" in project "shop"',
        action: "updated",
        detail: `roles/pubsub.subscriber for ${AGENT}`,
      },
    ],
  });
  assert.deepEqual(iam.at(TOPIC).bindings, [{ role: "roles/pubsub.publisher", members: [AGENT] }]);
  assert.deepEqual(iam.at(SUBSCRIPTION).bindings, [{ role: "roles/pubsub.subscriber", members: [AGENT] }]);
  const second = await grantDeadLetters(client, config, iam);
  assert.ok(second.kind === "granted");
  assert.deepEqual(
    second.changes.map(({ action }) => action),
    ["unchanged", "unchanged"],
  );
  assert.equal(iam.writes, 2);
});

test("who is given a right between the reading and the writing keeps it", async () => {
  const iam = new Policies();
  const theirs = { role: "roles/pubsub.viewer", members: ["group:audit"] };
  iam.meanwhile = () => iam.put(TOPIC, { bindings: [theirs] });
  assert.equal((await grantDeadLetters(client, config, iam)).kind, "granted");
  assert.deepEqual(iam.at(TOPIC).bindings, [theirs, { role: "roles/pubsub.publisher", members: [AGENT] }]);
});

test("a policy that changes under every write is given up, with its name", async () => {
  const iam = new Policies();
  iam.setPolicy = async () => {
    throw coded(10, "10 ABORTED: the policy has changed");
  };
  const granted = await grantDeadLetters(client, config, iam);
  assert.ok(granted.kind === "refused");
  assert.match(granted.reason, /^cannot grant rights on topic "undeliverable" .* ABORTED/);
});

test("an emulator has no policies, which is no fault, and nobody asks for the project's number", async () => {
  const iam = new Policies();
  iam.policyOf = async () => {
    throw coded(12, "12 UNIMPLEMENTED: google.iam.v1.IAMPolicy/GetIamPolicy");
  };
  iam.projectNumber = () => assert.fail("asked for a project's number");
  assert.deepEqual(await grantDeadLetters(client, config, iam), { kind: "no-iam" });
});

test("a refusal names the role that is missing, and what was granted before it", async () => {
  const iam = new Policies();
  const { policyOf } = iam;
  iam.policyOf = async (on) => {
    if (on.kind === "subscription") throw coded(7, "7 PERMISSION_DENIED: User not authorized");
    return policyOf.call(iam, on);
  };
  const granted = await grantDeadLetters(client, config, iam);
  assert.ok(granted.kind === "refused");
  assert.equal(granted.changes.length, 1);
  assert.match(
    granted.reason,
    /^no permission to grant rights on subscription "updates-worker" .*roles\/pubsub\.admin/,
  );
});

test("a project whose number cannot be read is named with what to do, and nothing is granted", async () => {
  const elsewhere = { ...config, subscription: "projects/depot/subscriptions/s" };
  const iam = new Policies();
  const granted = await grantDeadLetters(client, elsewhere, iam);
  assert.ok(granted.kind === "refused");
  assert.match(
    granted.reason,
    /^the number of project "depot" .*no such project.*enable cloudresourcemanager/,
  );
  assert.equal(iam.writes, 0);
});

test("a member joins a role's binding without a condition, and no other", () => {
  const condition = { title: "until spring", expression: "true" };
  const bindings = [
    { role: "r", members: ["a"], condition },
    { role: "r", members: ["b"] },
  ];
  const policy = { etag: "1", bindings };
  const grown = withMember(policy, "r", "c");
  assert.deepEqual(grown, { etag: "1", bindings: [bindings[0], { role: "r", members: ["b", "c"] }] });
  assert.equal(withMember(grown, "r", "c"), grown);
  assert.equal(withMember({ ...policy, bindings: bindings.slice(0, 1) }, "r", "a").bindings?.length, 2);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { topologyCommand } from "../../../src/cli/topology.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { runCommand } from "../../support/run-command.ts";
import { broker } from "../../support/servers.ts";

expectNoLeaks();

const topology = (environment: Readonly<Record<string, string>>, ...args: string[]) =>
  runCommand(topologyCommand, args, { environment });

test("topology apply creates what is missing, then changes nothing, then updates what differs", async (t) => {
  const { environment, project } = await broker(t);
  const first = await topology(environment, "apply");
  assert.equal(first.code, 0, first.stderr);
  const in_ = `in project "${project}"`;
  assert.deepEqual(first.stdout.split("\n"), [
    `created    topic "rowpost-updates" ${in_}: new`,
    `created    topic "rowpost-undeliverable" ${in_}: new`,
    `created    subscription "rowpost-undeliverable-worker" ${in_}: on projects/${project}/topics/rowpost-undeliverable`,
    `created    subscription "rowpost-updates-worker" ${in_}: on projects/${project}/topics/rowpost-updates`,
    "",
  ]);
  const second = await topology(environment, "apply");
  assert.deepEqual(
    second.stdout.match(/^\w+/gm),
    ["unchanged", "unchanged", "unchanged", "unchanged"],
    second.stdout,
  );
  const third = await topology({ ...environment, PUBSUB_MAX_DELIVERY_ATTEMPTS: "33" }, "apply");
  assert.match(
    third.stdout,
    /^updated {4}subscription "rowpost-updates-worker" .* after 20 deliveries → .* after 33 deliveries$/m,
  );
});

test("topology show says what is missing and what differs, and changes nothing", async (t) => {
  const { environment } = await broker(t);
  const before = await topology(environment, "show");
  assert.equal(before.code, 1);
  assert.equal(before.stdout.match(/missing/g)?.length, 4);
  await topology(environment, "apply");
  const after = await topology(environment, "show");
  assert.equal(after.code, 0);
  assert.match(
    after.stdout,
    /^project test-\w+ at .*\n\nKIND {10}STATE {10}NAME\ntopic {9}as configured {2}rowpost-updates\n/,
  );
  const changed = await topology({ ...environment, PUBSUB_MESSAGE_RETENTION_HOURS: "24" }, "show");
  assert.equal(changed.code, 1);
  assert.match(
    changed.stdout,
    /subscription {2}differs {8}rowpost-updates-worker\n {4}message retention 96 h → message retention 24 h\n/,
  );
  assert.equal((await topology(environment, "show")).code, 0);
});

test("a subscription that cannot be changed into the wanted one is a fault with what to do", async (t) => {
  const { environment, project, host } = await broker(t);
  const client = openPubSub({ project, emulatorHost: host });
  t.after(() => client.close());
  const [other] = await client.api.createTopic("other");
  await other.createSubscription("rowpost-updates-worker");
  const { code, stderr } = await topology(environment, "apply");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^rowpost: subscription "rowpost-updates-worker" in project .* cannot be used: it belongs to topic .*other/,
  );
});

test("topology apply --schema gives the topic the schema of updates, once, and show tells of it", async (t) => {
  const { environment, project } = await broker(t);
  const first = await topology(environment, "apply", "--schema");
  assert.equal(first.code, 0, first.stderr);
  const in_ = `in project "${project}"`;
  assert.deepEqual(first.stdout.split("\n").slice(0, 2), [
    `created    schema "rowpost-update" ${in_}: new`,
    `created    topic "rowpost-updates" ${in_}: new, with its schema in JSON`,
  ]);
  const second = await topology(environment, "apply", "--schema");
  assert.deepEqual(second.stdout.match(/^\w+/gm), Array(5).fill("unchanged"), second.stdout);
  const changed = await topology(environment, "apply", "--schema-encoding", "BINARY");
  assert.match(changed.stdout, /^updated {4}topic .*: in JSON → schema rowpost-update, in BINARY$/m);
  const shown = await topology(environment, "show");
  assert.equal(shown.code, 0, shown.stdout);
  assert.match(
    shown.stdout,
    /schema {8}as configured {2}rowpost-update\n {4}messages in BINARY, revision [0-9a-f]{8}\n/,
  );
  const elsewhere = await topology({ ...environment, PUBSUB_SCHEMA: "rowpost-other" }, "apply", "--schema");
  assert.equal(elsewhere.code, 1);
  assert.match(
    elsewhere.stderr,
    /has the schema "rowpost-update" .*, not the one that PUBSUB_SCHEMA names: take it off/,
  );
  assert.equal((await topology(environment, "apply", "--schema-encoding", "XML")).code, 2);
});

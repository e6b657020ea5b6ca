import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findProgram, runCommand as runProgram } from "../../../src/local/child-process.ts";
import { topologyCommand } from "../../../src/cli/topology.ts";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { runCommand } from "../../support/run-command.ts";
import { broker } from "../../support/servers.ts";

expectNoLeaks();

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "rowpost-gcloud-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

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
    "skipped    the rights of Pub/Sub's service agent: an emulator has no IAM",
    "",
  ]);
  const second = await topology(environment, "apply");
  assert.deepEqual(
    second.stdout.match(/^\w+/gm),
    ["unchanged", "unchanged", "unchanged", "unchanged", "skipped"],
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
  assert.deepEqual(second.stdout.match(/^\w+/gm), [...Array(5).fill("unchanged"), "skipped"], second.stdout);
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

test("topology commands prints what a shell with gcloud makes the same from, with the schema", async (t) => {
  if ((await findProgram("gcloud")) === undefined) return t.skip("there is no gcloud on this machine");
  const { environment, host } = await broker(t);
  const printed = await topology(environment, "commands", "--schema");
  assert.equal(printed.code, 0, printed.stderr);
  // An emulator has no IAM: those commands ask for a project's number and are left out here.
  const lines = printed.stdout.split("\n").filter((line) => !line.includes("add-iam-policy-binding"));
  assert.equal(printed.stdout.match(/add-iam-policy-binding/g)?.length, 2);
  const settings = [
    `CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB=http://${host}/`,
    "CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true",
    "CLOUDSDK_CORE_DISABLE_PROMPTS=1",
    `CLOUDSDK_CONFIG=${await folder(t)}`,
  ];
  const ran = await runProgram(["env", ...settings, "sh", "-e", "-c", lines.join("\n")], 100_000);
  assert.equal(ran.code, 0, ran.output);
  const shown = await topology(environment, "show");
  assert.equal(shown.code, 0, shown.stdout);
});

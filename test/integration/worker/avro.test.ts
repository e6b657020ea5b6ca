import assert from "node:assert/strict";
import { test } from "node:test";
import { deadLettersCommand } from "../../../src/cli/dead-letters.ts";
import { createUpdatePublisher } from "../../../src/cli/update-publisher.ts";
import { AVRO_ENCODINGS, AVRO_SCHEMA_TEXT } from "../../../src/messages/avro-schema.ts";
import { parseJson } from "../../../src/messages/parse-json.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { applyTopology } from "../../../src/pubsub/topology.ts";
import { canonicalJson } from "../../../src/tables/canonical-json.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { type Rig, rig } from "../../support/rig.ts";
import { runCommand } from "../../support/run-command.ts";
import { Recorder } from "../pubsub/recorder.ts";

expectNoLeaks();

const ID = "9223372036854775807";
const APPLICATION = '{"rate":0.12345678901234567890123456789,"ids":[18446744073709551615,"1",null]}';
const toot = (text: string) =>
  `{"table":"toots","op":"upsert","key":{"id":${ID}},"set":{"content":"${text}","sensitive":true,"application":${APPLICATION}}}`;

/** Attaches the schema in this encoding, and publishes updates, by their keys, as the topic now wants them. */
async function publishAs(on: Rig, encoding: "JSON" | "BINARY", updates: Readonly<Record<string, string>>) {
  const { schema: name } = on.config.pubsub;
  const { faults } = await applyTopology(on.client, on.config.pubsub, {
    name,
    definition: AVRO_SCHEMA_TEXT,
    encoding,
  });
  assert.deepEqual(faults, []);
  const publisher = createUpdatePublisher(on.client, on.config.pubsub.topic);
  await Promise.all(
    Object.entries(updates).map(([key, text]) =>
      publisher.publish(Buffer.from(text), { "idempotency-key": key }),
    ),
  );
  await publisher.close();
}

test("updates in Avro JSON and in Avro binary are applied, every digit of them", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const { told } = on.worker();
  for (const [index, encoding] of AVRO_ENCODINGS.entries()) {
    await publishAs(on, encoding, { [encoding]: toot(`é😀 ${encoding}`) });
    await told.until(`${encoding} is settled`, () => told.settled.length > index);
    const [row] = await on.database.query("SELECT id,content,application FROM toots");
    assert.deepEqual([row?.["id"], row?.["content"]], [ID, `é😀 ${encoding}`]);
    assert.match(String(row?.["application"]), /18446744073709551615, ?"1", ?null/);
    assert.match(String(row?.["application"]), /0\.12345678901234567890123456789/);
  }
  assert.deepEqual(told.settled, ["applied", "applied"]);
});

test("an update that comes as plain JSON, as Avro JSON and as Avro binary takes effect once", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const { told } = on.worker();
  const add = '{"table":"toots","op":"upsert","key":{"id":1},"add":{"replies_count":1}}';
  const list = `{"changes":[${add}]}`;
  await on.publish([{ key: "once", body: add }]);
  await told.until("the first is settled", () => told.settled.length === 1);
  await publishAs(on, "JSON", { once: add });
  await publishAs(on, "BINARY", { once: list });
  await publishAs(on, "JSON", { once: add.replace("1}}", "2}}") });
  await told.until("all are settled", () => told.settled.length === 4);
  assert.deepEqual(told.settled.sort(), ["applied", "duplicate", "duplicate", "key_reused"]);
  assert.deepEqual(await on.database.query("SELECT id,replies_count FROM toots"), [
    { id: "1", replies_count: 1 },
  ]);
});

test("what the broker takes and the schema does not say is malformed, and holds up nothing", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const { told } = on.worker();
  const change = { table: "todos", op: "insert", key: null, set: { map: {} }, add: null, expect: null };
  await publishAs(on, "JSON", {});
  // The emulator passes over a member that the schema has not, and over bytes behind a message.
  await on.publish([{ key: "more", body: { alone: true, changes: [change], more: 1 } }]);
  await publishAs(on, "BINARY", {});
  await on.publish([{ key: "trailing", body: Buffer.from([0, 0, 1, 2, 3]) }]);
  await publishAs(on, "BINARY", { good: toot("good") });
  await told.until("all are settled", () => told.settled.length === 3);
  assert.deepEqual(told.settled.sort(), ["applied", "malformed", "malformed"]);
  const letters = await on.database.query(
    "SELECT idempotency_key,rule,message FROM dead_letters ORDER BY id",
  );
  assert.deepEqual(
    letters.map(({ rule }) => rule),
    ["avro", "avro"],
  );
  assert.match(
    String(letters[0]?.["message"]),
    /^The data is no Avro JSON of schemas\/update\.avsc: \/more is no member/,
  );
  assert.match(String(letters[1]?.["message"]), /but 3 bytes follow\.$/);
});

test("a dead letter that came in Avro is replayed in the encoding that the topic has by then, and notes its outcome", async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const { told } = on.worker();
  await publishAs(on, "JSON", { early: toot("late").replace("upsert", "update") });
  await told.until("it is rejected", () => told.settled.includes("row_missing"));
  await publishAs(on, "BINARY", { first: toot("first") });
  await told.until("the row is there", () => told.settled.includes("applied"));
  const args = ["replay", "--all", "--yes", "--wait", "20"];
  const { code, stdout, stderr } = await runCommand(deadLettersCommand, args, {
    environment: on.environment,
  });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /update toots id="?9223372036854775807/);
  assert.deepEqual(await on.database.query("SELECT content FROM toots"), [{ content: "late" }]);
  const letters = await on.database.query("SELECT replays,replay_outcome FROM dead_letters");
  assert.deepEqual(letters, [{ replays: 1, replay_outcome: "applied" }]);
});

test("a rejected update that came in Avro goes to the dead-letter topic as plain JSON", async (t) => {
  const on = await rig(t, { PUBSUB_DEAD_LETTER_TOPIC: "rejected-updates" });
  await Promise.all([on.migrate(), on.topology()]);
  await on.client.api.topic("rejected-updates").createSubscription("rejected");
  const rejected = new Recorder((delivery) => delivery.ack());
  const options = { subscription: "rejected", streams: 1, maxMessages: 10, maxBytes: 1_000_000 };
  const intake = createIntake(on.client, options);
  t.after(() => intake.close(5_000));
  intake.start(rejected);
  on.worker();
  const update = toot("nobody").replace("upsert", "update");
  await publishAs(on, "BINARY", { late: update });
  await rejected.until(() => rejected.deliveries.length === 1);
  const [arrived] = rejected.deliveries;
  assert.equal(arrived?.attributes["rowpost-rejection-code"], "row_missing");
  const read = (bytes: Buffer) => canonicalJson(parseJson(bytes, { dataBytes: 10_000, depth: 64 }).value);
  assert.equal(read(arrived.data), read(Buffer.from(update)));
});

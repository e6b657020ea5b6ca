import assert from "node:assert/strict";
import { Encodings, SchemaTypes } from "@google-cloud/pubsub";
import avro from "avsc";
import { expectNoLeaks } from "../../support/leaks.ts";
import { documented } from "./documented.ts";
import { type Fixture, refused } from "./fixture.ts";

expectNoLeaks();

const FIELDS = [
  { name: "id", type: "long" },
  { name: "note", type: ["null", "string"], default: null },
];
const DEFINITION = JSON.stringify({ type: "record", name: "Row", fields: FIELDS });
const WIDER = JSON.stringify({
  type: "record",
  name: "Row",
  fields: [...FIELDS, { name: "more", type: "string" }],
});
const TYPE = avro.Type.forSchema(JSON.parse(DEFINITION), { wrapUnions: true });
const json = (value: unknown) => ({ data: Buffer.from(JSON.stringify(value)) });
const GOOD = { id: 1, note: { string: "x" } };

async function schema(on: Fixture, definition = DEFINITION): Promise<string> {
  const name = on.name("schemas");
  const [, project = "", , schemaId = ""] = name.split("/");
  const request = { parent: `projects/${project}`, schemaId, schema: { type: SchemaTypes.Avro, definition } };
  await on.schemas.createSchema(request as never, { retry: null });
  return name;
}

/** A topic with a schema, and a subscription of it. */
async function pair(on: Fixture, encoding: "JSON" | "BINARY", more = {}) {
  const name = await schema(on);
  const topic = await on.topic({
    schemaSettings: {
      schema: name,
      encoding: Encodings[encoding === "JSON" ? "Json" : "Binary"] as never,
      ...more,
    },
  });
  return { name, topic, subscription: await on.subscription(topic) };
}

async function commit(on: Fixture, name: string, definition: string): Promise<string> {
  const request = { name, schema: { name, type: SchemaTypes.Avro, definition } };
  const [revision] = await on.schemas.commitSchema(request as never, { retry: null });
  return revision.revisionId ?? "";
}

await documented("Create and associate schemas with a topic", {
  "a message that fits is delivered, and tells its schema, revision and encoding": async (on) => {
    const { name, topic, subscription } = await pair(on, "JSON");
    await on.publish(topic, json(GOOD));
    const [received] = await on.pull(subscription, 1);
    const [stored] = await on.schemas.getSchema({ name });
    assert.deepEqual(received?.message?.attributes, {
      googclient_schemaencoding: "JSON",
      googclient_schemaname: name,
      googclient_schemarevisionid: stored.revisionId,
    });
  },
  "a message that does not fit fails its request": async (on) => {
    const { topic, subscription } = await pair(on, "JSON");
    for (const bad of [{ id: "1", note: null }, { note: null }, { id: 1, note: "untagged" }, []]) {
      await refused(on.publish(topic, json(GOOD), json(bad)), "INVALID_ARGUMENT");
    }
    await on.publish(topic, json(GOOD));
    await on.expect(subscription, [JSON.stringify(GOOD)]);
  },
  "BINARY takes what is written in Avro binary, and nothing else": async (on) => {
    const { topic, subscription } = await pair(on, "BINARY");
    const data = TYPE.toBuffer(GOOD);
    await refused(on.publish(topic, json(GOOD)), "INVALID_ARGUMENT");
    await refused(on.publish(topic, { data: data.subarray(0, -1) }), "INVALID_ARGUMENT");
    await on.publish(topic, { data });
    const [received] = await on.pull(subscription, 1);
    assert.deepEqual(TYPE.fromBuffer(Buffer.from(received?.message?.data ?? "")), TYPE.clone(GOOD));
  },
  "numbers of 64 bits fit a long": async (on) => {
    const { topic, subscription } = await pair(on, "JSON");
    await on.publish(topic, { data: Buffer.from('{"id":9223372036854775807,"note":null}') });
    assert.equal((await on.pull(subscription, 1)).length, 1);
  },
  "members that the schema does not know do not fit": async (on) => {
    const { topic } = await pair(on, "JSON");
    await refused(on.publish(topic, json({ ...GOOD, other: 1 })), "INVALID_ARGUMENT");
  },
  "bytes behind the message do not fit": async (on) => {
    const { topic } = await pair(on, "BINARY");
    const data = Buffer.concat([TYPE.toBuffer(GOOD), Buffer.from([0])]);
    await refused(on.publish(topic, { data }), "INVALID_ARGUMENT");
  },
  "a message may fit any revision, and tells which": async (on) => {
    const { name, topic, subscription } = await pair(on, "JSON");
    const [first] = await on.schemas.getSchema({ name });
    const second = await commit(on, name, WIDER);
    await on.publish(topic, json(GOOD), json({ ...GOOD, more: "x" }));
    const received = await on.pull(subscription, 2);
    const revisions = received.map(({ message }) => message?.attributes?.["googclient_schemarevisionid"]);
    assert.deepEqual(revisions.sort(), [first.revisionId, second].sort());
  },
  "a topic's last revision bounds what fits": async (on) => {
    const name = await schema(on);
    const [first] = await on.schemas.getSchema({ name });
    await commit(on, name, WIDER);
    const schemaSettings = {
      schema: name,
      encoding: Encodings.Json as never,
      lastRevisionId: first.revisionId ?? "",
    };
    const topic = await on.topic({ schemaSettings });
    await on.publish(topic, json(GOOD));
    await refused(on.publish(topic, json({ ...GOOD, more: "x" })), "INVALID_ARGUMENT");
  },
  "a topic's first revision bounds what fits": async (on) => {
    const name = await schema(on);
    const firstRevisionId = await commit(on, name, WIDER);
    const topic = await on.topic({
      schemaSettings: { schema: name, encoding: Encodings.Json as never, firstRevisionId },
    });
    await on.publish(topic, json({ ...GOOD, more: "x" }));
    await refused(on.publish(topic, json(GOOD)), "INVALID_ARGUMENT");
  },
  "a schema must be one, and a topic's schema must be there": async (on) => {
    await refused(schema(on, "{"), "INVALID_ARGUMENT");
    const parent = `projects/${on.project}`;
    const bad = { parent, schema: { type: SchemaTypes.Avro, definition: '{"type":"no"}' } };
    await refused(on.schemas.validateSchema(bad as never, { retry: null }), "INVALID_ARGUMENT");
    const schemaSettings = { schema: on.name("schemas"), encoding: Encodings.Json as never };
    await refused(on.topic({ schemaSettings }), "NOT_FOUND");
  },
  "a message can be checked without publishing it": async (on) => {
    const name = await schema(on);
    const parent = `projects/${on.project}`;
    const request = (value: unknown) => ({ parent, name, message: json(value).data, encoding: "JSON" });
    await on.schemas.validateMessage(request(GOOD) as never, { retry: null });
    await refused(on.schemas.validateMessage(request({}) as never, { retry: null }), "INVALID_ARGUMENT");
  },
  "a topic whose schema is deleted tells so, and takes nothing": async (on) => {
    const { name, topic } = await pair(on, "JSON");
    await on.schemas.deleteSchema({ name });
    const [got] = await on.publisher.getTopic({ topic });
    assert.equal(got.schemaSettings?.schema, "_deleted-schema_");
    await refused(on.publish(topic, json(GOOD)), "NOT_FOUND", "INVALID_ARGUMENT");
  },
  "schemas and their revisions are listed": async (on) => {
    const name = await schema(on);
    const second = await commit(on, name, WIDER);
    const [schemas] = await on.schemas.listSchemas({ parent: `projects/${on.project}` });
    assert.deepEqual(
      schemas.map((one) => one.name),
      [name],
    );
    const [revisions] = await on.schemas.listSchemaRevisions({ name });
    assert.equal(revisions.length, 2);
    assert.ok(revisions.some(({ revisionId }) => revisionId === second));
    const [deleted] = await on.schemas.deleteSchemaRevision({ name: `${name}@${second}` });
    assert.notEqual(deleted.revisionId, undefined);
    assert.equal((await on.schemas.listSchemaRevisions({ name }))[0].length, 1);
  },
});

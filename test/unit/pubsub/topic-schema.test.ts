import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PubSubClient } from "../../../src/pubsub/client.ts";
import { recordOf, relationOf } from "../../../src/pubsub/schema-definition.ts";
import { createSchemaPublisher } from "../../../src/pubsub/schema-publisher.ts";

const OURS =
  '{"type":"record","name":"Update","namespace":"rowpost","doc":"d","fields":[{"name":"a","type":"int"}]}';
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const INVALID_ARGUMENT = 3;

const refused = (code: number, words: string) => Object.assign(new Error(words), { code });

/** A broker that answers as told, and what it was asked and sent. */
function broker(answers: {
  readonly topic: () => unknown;
  readonly definition?: string;
  readonly takes?: (text: string) => boolean;
}) {
  const sent: string[] = [];
  let asked = 0;
  const topic = {
    getMetadata: async () => {
      asked += 1;
      return [answers.topic()];
    },
    publishMessage: async ({ data }: { data: Buffer }) => {
      if (answers.takes?.(data.toString()) === false)
        throw refused(INVALID_ARGUMENT, "3 INVALID_ARGUMENT: no");
      return String(sent.push(data.toString()));
    },
  };
  const getSchema = async () => [{ type: "AVRO", definition: answers.definition ?? OURS, revisionId: "1" }];
  const api = { topic: () => topic, getSchemaClient: async () => ({ getSchema }) };
  const client = { project: "p", address: "here", api } as unknown as PubSubClient;
  const publisher = createSchemaPublisher(client, "updates", {
    definition: OURS,
    encode: (data, encoding) => Buffer.from(`${encoding}:${data}`),
  });
  return { publisher, sent, asked: () => asked };
}

const withSchema = (encoding: string) => ({ schemaSettings: { schema: "projects/p/schemas/s", encoding } });

describe("a publisher to a topic that may have a schema", () => {
  test("asks once, and writes what it then sends in the topic's encoding", async () => {
    const { publisher, sent, asked } = broker({ topic: () => withSchema("BINARY") });
    await Promise.all(["a", "b", "c"].map((text) => publisher.publish(Buffer.from(text), {})));
    assert.deepEqual(sent, ["BINARY:a", "BINARY:b", "BINARY:c"]);
    assert.equal(asked(), 1);
  });

  test("that may not ask sends plain data, and says what it lacks when that is refused", async () => {
    const { publisher, sent } = broker({
      topic: () => {
        throw refused(PERMISSION_DENIED, "7 PERMISSION_DENIED: pubsub.topics.get");
      },
      takes: (text) => text !== "bad",
    });
    await publisher.publish(Buffer.from("good"), {});
    await assert.rejects(publisher.publish(Buffer.from("bad"), {}), {
      name: "PubSubError",
      status: "INVALID_ARGUMENT",
      message:
        /^cannot publish to topic "updates" .*; if the topic has a schema, this account must be able to read it: no permission to read topic "updates" in project "p": grant this service account roles\/pubsub\.viewer/,
    });
    assert.deepEqual(sent, ["good"]);
  });

  test("asks again after a question that failed", async () => {
    let away = true;
    const { publisher, sent } = broker({
      topic: () => {
        if (away) throw refused(UNAVAILABLE, "14 UNAVAILABLE: away");
        return {};
      },
    });
    await assert.rejects(publisher.publish(Buffer.from("a"), {}), {
      name: "PubSubError",
      status: "UNAVAILABLE",
    });
    away = false;
    await publisher.publish(Buffer.from("b"), {});
    assert.deepEqual(sent, ["b"]);
  });

  test("asks again when a message is refused, and sends it anew only when the answer is another one", async () => {
    let encoding = "JSON";
    const { publisher, sent, asked } = broker({
      topic: () => withSchema(encoding),
      takes: (text) => text.startsWith(`${encoding}:`) && !text.endsWith("bad"),
    });
    await publisher.publish(Buffer.from("a"), {});
    encoding = "BINARY";
    await publisher.publish(Buffer.from("b"), {});
    assert.equal(asked(), 2);
    await assert.rejects(publisher.publish(Buffer.from("bad"), {}), { status: "INVALID_ARGUMENT" });
    assert.deepEqual(sent, ["JSON:a", "BINARY:b"]);
  });

  test("sends nothing to a topic whose encoding it does not know", async () => {
    const { publisher } = broker({ topic: () => withSchema("ENCODING_UNSPECIFIED") });
    await assert.rejects(
      publisher.publish(Buffer.from("a"), {}),
      /the encoding of its schema is neither JSON nor BINARY/,
    );
  });
});

describe("a schema is compared by what it says", () => {
  const changed = (change: object) => JSON.stringify({ ...(JSON.parse(OURS) as object), ...change });

  test("spaces and the order of members do not count, words make it another text, fields another form", () => {
    assert.equal(relationOf(JSON.stringify(JSON.parse(OURS), null, 4), OURS), "same");
    assert.equal(relationOf(changed({ doc: "other" }), OURS), "same but for words");
    assert.equal(relationOf(changed({ fields: [] }), OURS), "other form");
    assert.equal(
      relationOf(changed({ name: "rowpost.Update", namespace: undefined, fields: [] }), OURS),
      "other form",
    );
  });

  test("another record, and what is no record, are told by their names", () => {
    for (const [text, name] of [
      [changed({ namespace: "shop" }), "shop.Update"],
      [changed({ type: "enum" }), "no record"],
      ['syntax = "proto3";', "no record"],
      ["null", "no record"],
    ] as const) {
      assert.equal(relationOf(text, OURS), "other");
      assert.equal(recordOf(text), name);
    }
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { planReplay, type ReplayRules } from "../../../src/apply/replay.ts";
import { encodeAvro } from "../../../src/messages/avro-encode.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { createSigner } from "../../../src/messages/principal.ts";
import type { DeadLetterRecord } from "../../../src/store/dead-letter-read.ts";
import { testRegistry } from "../../support/tables.ts";

const NOW = new Date("2026-05-04T12:00:00Z");
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000).toISOString();
const LIMITS = { changes: 100, dataBytes: 1_000_000, depth: 64 };
const RULES: ReplayRules = {
  decode: createDecoder(testRegistry, LIMITS),
  maxAgeHours: 144,
  now: NOW,
  newKey: false,
  newKeyBy: "add --new-key",
};
const UPDATE = { table: "counters", op: "upsert", key: { id: "a" }, add: { n: 1 } };

function letter(change: Partial<DeadLetterRecord> = {}, data: unknown = UPDATE): DeadLetterRecord {
  return {
    id: "42",
    idempotencyKey: "k-1",
    fingerprint: "ab".repeat(32),
    code: "row_missing",
    message: "",
    pointer: null,
    rule: null,
    table: null,
    column: null,
    index: null,
    errno: null,
    messageId: "m-1",
    publishedAt: hoursAgo(200),
    firstAt: hoursAgo(1),
    lastAt: hoursAgo(0),
    deliveries: 1,
    replays: 0,
    replayedAt: null,
    replayOutcome: null,
    bytes: 0,
    attributes: { "idempotency-key": "k-1" },
    data: Buffer.from(JSON.stringify(data)),
    ...change,
  };
}

const GIVEN_UP = {
  CloudPubSubDeadLetterSourceDeliveryCount: "20",
  CloudPubSubDeadLetterSourceSubscription: "s",
  CloudPubSubDeadLetterSourceTopicPublishTime: hoursAgo(3),
};

test("a replay keeps attributes and key, adds its mark, and leaves out what the broker gives anew", () => {
  const attributes = {
    ...GIVEN_UP,
    googclient_schemaencoding: "BINARY",
    googclient_traceparent: "00-1",
    "rowpost-dead-letter": "7",
    "ce-type": "row",
    "idempotency-key": "k-1",
  };
  const { refusal, ...replay } = planReplay(letter({ attributes }), RULES);
  assert.equal(refusal, undefined);
  assert.equal(replay.key, "k-1");
  assert.deepEqual("attributes" in replay && replay.attributes, {
    "ce-type": "row",
    "idempotency-key": "k-1",
    "rowpost-dead-letter": "42",
  });
});

test("a replay of an update that came in Avro is its plain JSON, under the key in it and with its fingerprint", () => {
  const plain = Buffer.from(JSON.stringify(UPDATE));
  for (const encoding of ["JSON", "BINARY"] as const) {
    const of = letter({
      data: encodeAvro(plain, encoding),
      attributes: { "idempotency-key": "k-1", googclient_schemaencoding: encoding },
    });
    const replay = planReplay(of, RULES);
    assert.ok(replay.refusal === undefined);
    assert.deepEqual(JSON.parse(replay.data.toString()), UPDATE);
    assert.equal(replay.decoded.rejection, undefined);
    assert.deepEqual(replay.attributes, { "idempotency-key": "k-1", "rowpost-dead-letter": "42" });
  }
});

test("an update without a key of its own keeps the key that its message id gave it", () => {
  const replay = planReplay(letter({ attributes: {}, idempotencyKey: "message:m-1" }), RULES);
  assert.equal(replay.key, "message:m-1");
  assert.equal(replay.decoded.key, "message:m-1");
});

test("the age counts from the first rejection, and of what the broker gave up from its first publish", () => {
  const refusal = (of: DeadLetterRecord) => planReplay(of, RULES).refusal;
  assert.equal(refusal(letter({ firstAt: hoursAgo(143.9) })), undefined);
  assert.match(
    refusal(letter({ firstAt: hoursAgo(144.1) })) ?? "",
    /^it is 144 h old, and REPLAY_MAX_AGE_HOURS is 144/,
  );
  const givenUp = (hours: number) => ({
    code: "undeliverable",
    attributes: {
      ...GIVEN_UP,
      CloudPubSubDeadLetterSourceTopicPublishTime: hoursAgo(hours),
      "idempotency-key": "k-1",
    },
  });
  assert.equal(refusal(letter(givenUp(143))), undefined);
  assert.match(refusal(letter(givenUp(145))) ?? "", /^it is 145 h old/);
  const { CloudPubSubDeadLetterSourceTopicPublishTime: _, ...untimed } = givenUp(1).attributes;
  assert.match(refusal(letter({ code: "undeliverable", attributes: untimed })) ?? "", /^it is 200 h old/);
});

test("what cannot go out under its own key gets another one if that is asked for, the same every time", () => {
  const newKey = { ...RULES, newKey: true };
  for (const [of, taken, reason] of [
    [letter({ code: "key_reused", rule: "idempotency_key" }), false, /^its key has settled another update/],
    [letter(), true, /^its key has settled another update/],
    [letter({ code: "invalid", rule: "idempotency_key" }), false, /^the publisher's key is none/],
    [letter({ code: "undeliverable", attributes: GIVEN_UP }), false, /^it has no key but the message id/],
  ] as const) {
    assert.match(planReplay(of, RULES, taken).refusal ?? "", reason);
    const [first, second] = [planReplay(of, newKey, taken), planReplay({ ...of, id: "43" }, newKey, taken)];
    assert.match(first.key ?? "", /^replay:sha256:[0-9a-f]{64}$/);
    assert.equal(first.key, second.key);
    assert.equal(first.refusal === undefined && first.decoded.key, first.key);
    const other = planReplay({ ...of, fingerprint: "cd".repeat(32) }, newKey, taken);
    assert.notEqual(first.key, other.key);
  }
  assert.equal(planReplay(letter(), newKey).key, "k-1");
});

test("what the broker gave up goes out under the key that its data or attributes name", () => {
  const event = { specversion: "1.0", id: "7", source: "/shop", type: "row", data: UPDATE };
  const code = "undeliverable";
  assert.equal(
    planReplay(letter({ code, attributes: GIVEN_UP, idempotencyKey: "message:m-1" }, event), RULES).key,
    "ce:/shop|7",
  );
  const named = { ...GIVEN_UP, "idempotency-key": "message:m-0" };
  assert.equal(planReplay(letter({ code, attributes: named }), RULES).key, "message:m-0");
});

test("what a replay has settled is not replayed again; what was rejected again is", () => {
  for (const replayOutcome of ["applied", "unchanged", "stale"]) {
    const { refusal } = planReplay(letter({ replays: 1, replayOutcome }), { ...RULES, newKey: true });
    assert.equal(refusal, `nothing to do: its last replay has been settled (${replayOutcome})`);
  }
  for (const replayOutcome of ["rejected", null]) {
    assert.equal(planReplay(letter({ replays: 1, replayOutcome }), RULES).refusal, undefined);
  }
});

test("a plan tells what its message decodes to today", () => {
  const replay = planReplay(letter({}, { ...UPDATE, table: "countres" }), RULES);
  assert.equal(replay.refusal === undefined && replay.decoded.rejection?.code, "unknown_table");
});

test("a signed principal keeps its signature under its own key, and gets another one under another key", () => {
  const signer = createSigner(["a signing key of at least 32 bytes, or so"]);
  const { fingerprint } = RULES.decode({
    data: letter().data,
    attributes: {},
    messageId: "",
    publishedAt: NOW,
  });
  const signature = signer.sign({ principal: "shop", key: "k-1", fingerprint });
  const attributes = {
    "idempotency-key": "k-1",
    "rowpost-principal": "shop",
    "rowpost-signature": signature,
  };
  const own = planReplay(letter({ attributes }), { ...RULES, signer });
  assert.equal(own.refusal === undefined && own.attributes["rowpost-signature"], signature);
  const rules = { ...RULES, newKey: true };
  const taken = letter({ attributes, code: "key_reused" });
  const anew = planReplay(taken, { ...rules, signer });
  assert.ok(anew.refusal === undefined);
  const made = anew.attributes["rowpost-signature"] ?? "";
  assert.ok(signer.verify(made, { principal: "shop", key: anew.key, fingerprint }));
  assert.match(planReplay(taken, rules).refusal ?? "", /set PUBLISHER_SIGNING_KEY/);
});

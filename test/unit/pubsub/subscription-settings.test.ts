import assert from "node:assert/strict";
import { test } from "node:test";
import {
  differences,
  immutableFaults,
  secondsOf,
  subscriptionRequest,
} from "../../../src/pubsub/subscription-settings.ts";

const wanted = {
  topic: "projects/p/topics/updates",
  messageRetentionHours: 96,
  deadLetter: { topic: "projects/p/topics/undeliverable", maxAttempts: 20 },
};
/** As Google answers: seconds as text, nothing left out. */
const live = {
  topic: "projects/p/topics/updates",
  ackDeadlineSeconds: 60,
  messageRetentionDuration: { seconds: "345600", nanos: 0 },
  expirationPolicy: {},
  retryPolicy: { minimumBackoff: { seconds: "1", nanos: 0 }, maximumBackoff: { seconds: "60", nanos: 0 } },
  deadLetterPolicy: { deadLetterTopic: "projects/p/topics/undeliverable", maxDeliveryAttempts: 20 },
};

test("a subscription as wanted does not differ", () => {
  assert.deepEqual(differences(live as never, wanted), []);
  assert.deepEqual(immutableFaults(live as never, wanted), []);
});

test("each setting that differs is patched alone", () => {
  const cases: [keyof ReturnType<typeof subscriptionRequest>, unknown][] = [
    ["ackDeadlineSeconds", 10],
    ["messageRetentionDuration", { seconds: "604800", nanos: 0 }],
    ["expirationPolicy", { ttl: { seconds: "2678400" } }],
    ["retryPolicy", null],
    ["deadLetterPolicy", { deadLetterTopic: "projects/p/topics/undeliverable", maxDeliveryAttempts: 5 }],
  ];
  for (const [field, value] of cases) {
    const [found, ...others] = differences({ ...live, [field]: value } as never, wanted);
    assert.deepEqual(others, []);
    assert.deepEqual(found?.patch, { [field]: subscriptionRequest(wanted)[field] });
  }
});

test("a subscription without a wanted dead-letter policy keeps the one it has", () => {
  assert.deepEqual(differences(live as never, { ...wanted, deadLetter: undefined }), []);
});

test("what cannot be changed is a fault", () => {
  const faults = (change: object) => immutableFaults({ ...live, ...change } as never, wanted);
  assert.match(faults({ topic: "_deleted-topic_" })[0] ?? "", /belongs to topic _deleted-topic_/);
  assert.match(faults({ detached: true })[0] ?? "", /detached/);
  assert.match(faults({ pushConfig: { pushEndpoint: "https://a.example/" } })[0] ?? "", /pushes to/);
  assert.match(faults({ bigqueryConfig: { table: "t" } })[0] ?? "", /exports/);
  assert.equal(faults({ detached: true, topic: "t" }).length, 2);
});

test("durations read the same however they are written", () => {
  assert.deepEqual(
    [secondsOf(90), secondsOf({ seconds: "90" }), secondsOf({ seconds: 1, nanos: 5e8 })],
    [90, 90, 1.5],
  );
  assert.deepEqual([secondsOf(null), secondsOf(undefined)], [0, 0]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTime } from "../../../src/cli/dead-letters-filter.ts";
import { age } from "../../../src/cli/dead-letters-list.ts";
import { conditionOf } from "../../../src/store/dead-letter-filter.ts";

const NOW = new Date("2026-05-04T12:00:00Z");

test("a time is RFC 3339, UTC when it has no zone, or how long ago", () => {
  const parsed = (text: string) => parseTime(text, NOW)?.toISOString();
  assert.equal(parsed("2026-05-04T10:00:00+02:00"), "2026-05-04T08:00:00.000Z");
  assert.equal(parsed("2026-05-04t10:00:00.25z"), "2026-05-04T10:00:00.250Z");
  assert.equal(parsed("2026-05-04 10:00"), "2026-05-04T10:00:00.000Z");
  assert.equal(parsed("2026-05-04"), "2026-05-04T00:00:00.000Z");
  assert.equal(parsed("90s"), "2026-05-04T11:58:30.000Z");
  assert.equal(parsed("2h"), "2026-05-04T10:00:00.000Z");
  assert.equal(parsed("3d"), "2026-05-01T12:00:00.000Z");
  assert.equal(parsed("1w"), "2026-04-27T12:00:00.000Z");
});

test("what is no time is refused, and not read as one", () => {
  for (const text of [
    "",
    "yesterday",
    "2h30m",
    "-2h",
    "5",
    "2026-13-01",
    "2026-05-04T25:00:00Z",
    "04/05/2026",
  ]) {
    assert.equal(parseTime(text, NOW), undefined, text);
  }
});

test("an age is told in the largest unit of which there are two", () => {
  const ages = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map((seconds) =>
    age(new Date(NOW.getTime() - seconds * 1_000).toISOString(), NOW),
  );
  assert.deepEqual(ages, ["0s", "119s", "2m", "119m", "2h", "47h", "2d"]);
  assert.equal(age("2026-05-04T12:00:05Z", NOW), "0s");
});

test("a filter without criteria is every dead letter, and nothing but digits is an id", () => {
  assert.equal(conditionOf({}), "TRUE");
  assert.equal(conditionOf({ ids: ["1", "22"], upTo: "9" }), "id IN (1,22) AND id<=9");
  assert.equal(conditionOf({ codes: ["it's"] }), "code IN ('it\\'s')");
  assert.throws(() => conditionOf({ ids: ["1 OR 1=1"] }), TypeError);
});

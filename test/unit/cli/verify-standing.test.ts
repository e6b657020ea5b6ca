import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAccounted,
  type PublishedUpdate,
  type Rules,
  type Standing,
  STANDINGS,
  standingOf,
} from "../../../src/cli/verify-standing.ts";
import type { UpdateAccount } from "../../../src/store/receipt-outcomes.ts";

const [OWN, OTHER] = ["a".repeat(64), "b".repeat(64)];
const HOUR = 3_600_000;
const RULES: Rules = {
  now: 1_000 * HOUR,
  pendingMs: 60_000,
  receiptMs: 168 * HOUR,
  deadLetterMs: 720 * HOUR,
};

/** An update that was last spoken of so long ago, and confirmed so long ago, if at all. */
function published(ageMs: number, confirmedMs?: number): PublishedUpdate {
  const confirmedAt = confirmedMs === undefined ? undefined : RULES.now - confirmedMs;
  const messageId = confirmedAt === undefined ? undefined : "1";
  return { key: "k", fingerprint: OWN, lastAt: RULES.now - ageMs, confirmedAt, messageId };
}

const account = (
  receipt?: readonly [string, "applied" | "unchanged" | "stale" | "rejected"],
  deadLetter?: string,
): UpdateAccount => ({
  receipt: receipt && { fingerprint: receipt[0], outcome: receipt[1] },
  deadLetter,
});
const NOTHING = account();

function assertStanding(expected: Standing, update: PublishedUpdate, known: UpdateAccount, rules = RULES) {
  assert.equal(standingOf(update, known, rules), expected);
}

test("an update with a receipt of its own has settled, whether its confirmation arrived or not", () => {
  for (const outcome of ["applied", "unchanged", "stale"] as const) {
    assertStanding(outcome, published(HOUR, HOUR), account([OWN, outcome]));
    assertStanding(outcome, published(HOUR), account([OWN, outcome]));
  }
  assertStanding("applied", published(900 * HOUR, 900 * HOUR), account([OWN, "applied"]));
});

test("a rejected update is accounted for by its dead letter, or by its receipt when that has been discarded", () => {
  assertStanding("rejected", published(HOUR, HOUR), account([OWN, "rejected"], "row_missing"));
  assertStanding("discarded", published(HOUR, HOUR), account([OWN, "rejected"]));
  assertStanding("rejected", published(200 * HOUR, 200 * HOUR), account(undefined, "row_missing"));
  assertStanding("rejected", published(HOUR, HOUR), account([OTHER, "applied"], "row_missing"));
});

test("an update whose key settled another is accounted for by its dead letter only", () => {
  assertStanding("key_reused", published(HOUR, HOUR), account([OTHER, "applied"], "key_reused"));
  assertStanding("unaccounted", published(HOUR, HOUR), account([OTHER, "applied"]));
  assertStanding("unconfirmed", published(HOUR), account([OTHER, "applied"]));
  assertStanding("pending", published(1_000, 1_000), account([OTHER, "applied"]));
});

test("without a receipt an update is pending while it is young, and stuck when the broker has it", () => {
  assertStanding("pending", published(59_999, 59_999), NOTHING);
  assertStanding("stuck", published(60_000, 60_000), NOTHING);
  assertStanding("stuck", published(167 * HOUR, 167 * HOUR), NOTHING);
  assertStanding("pending", published(-5_000, -5_000), NOTHING);
});

test("what the broker never confirmed is perhaps never published, and not stuck", () => {
  assertStanding("pending", published(59_999), NOTHING);
  assertStanding("unconfirmed", published(60_000), NOTHING);
});

test("past its retention nobody can judge an update", () => {
  assertStanding("forgotten", published(168 * HOUR, 168 * HOUR), NOTHING);
  assertStanding("forgotten", published(168 * HOUR), NOTHING);
  const short = { ...RULES, deadLetterMs: 24 * HOUR };
  assertStanding("forgotten", published(24 * HOUR, 24 * HOUR), account([OTHER, "applied"]), short);
  assertStanding("stuck", published(24 * HOUR, 24 * HOUR), NOTHING, short);
});

test("an update that was confirmed long ago and sent once more is not stuck for the first time's sake", () => {
  assertStanding("unconfirmed", published(HOUR, 200 * HOUR), NOTHING);
  assertStanding("pending", published(1_000, 2 * HOUR), NOTHING);
  assertStanding("stuck", published(HOUR, 2 * HOUR), NOTHING);
});

test("the standings that need nobody are those on record, and forgotten", () => {
  assert.deepEqual(
    STANDINGS.filter((standing) => !isAccounted(standing)),
    ["pending", "unconfirmed", "stuck", "unaccounted"],
  );
});

import type { ProblemCode } from "../problem.ts";
import { ETAG, UNCHANGED } from "./conditional.ts";
import { json, ref, type RouteDescriptions } from "./description.ts";
import { ACCEPTED, ADA, CLOUD_EVENT, PAIR, RECEIPT } from "./examples.ts";

/** What an update may be refused with before it is sent. */
const CHECKED: readonly ProblemCode[] = ["unknown_table", "unknown_column", "operation_denied", "forbidden"];
/** What the broker, or this process, does not take. */
const UNSENT: readonly ProblemCode[] = ["broker_unavailable", "overloaded"];
/** How a worker may have settled it, when its receipt is waited for. */
const REJECTED: readonly ProblemCode[] = [
  "row_missing",
  "row_exists",
  "expectation_failed",
  "unique_conflict",
  "foreign_key",
  "check_failed",
  "data_refused",
  "key_reused",
  "undeliverable",
];

const LOCATION = { Location: "Where the receipt is found" };
const APPLIED = { "Preference-Applied": "The seconds that it waits, when `Prefer: wait=N` was sent" };

const examples = {
  one: { summary: "One change", value: ADA },
  several: { summary: "Changes that take effect together or not at all", value: PAIR },
  list: {
    summary: "A list of updates",
    value: { updates: [{ idempotencyKey: "order-17", ...ADA }, PAIR] },
  },
};

/** Publishing updates, and their receipts. */
export const UPDATES: RouteDescriptions = {
  "POST /updates": {
    operationId: "publishUpdates",
    description:
      "Answers when the broker has confirmed the updates, or with `Prefer: wait=N` when they are settled. Each item of a list is checked, sent and answered by itself.",
    body: {
      description: "One update, a list of them, or NDJSON with one a line",
      content: {
        ...json({ anyOf: [ref("Item"), ref("ItemList"), ref("CloudEvent")] }, examples),
        "application/cloudevents+json": {
          schema: { anyOf: [ref("CloudEvent"), ref("Item"), ref("ItemList")] },
          examples: { event: { summary: "A CloudEvent in structured mode", value: CLOUD_EVENT } },
        },
        "application/x-ndjson": ndjson(),
        "application/ndjson": ndjson(),
      },
    },
    answers: {
      200: {
        description: "The receipt, or those of all in the list: settled within the time that `Prefer` gives",
        headers: { ...LOCATION, ...APPLIED },
        content: json(
          { oneOf: [ref("Settled"), ref("Results")] },
          {
            one: {
              summary: "Of one update",
              value: { status: 200, location: "/updates/order-17", ...RECEIPT },
            },
          },
        ),
      },
      202: {
        description: "The broker has the update, or all of the list; they are not settled yet",
        headers: { ...LOCATION, ...APPLIED },
        content: json(
          { oneOf: [ref("Accepted"), ref("Results")] },
          {
            one: { summary: "Of one update", value: { status: 202, ...ACCEPTED } },
            list: { summary: "Of a list", value: { results: [{ status: 202, ...ACCEPTED }] } },
          },
        ),
      },
      207: {
        description: "The items of the list were answered differently, or refused: each has its own `status`",
        headers: APPLIED,
        content: json(ref("Results")),
      },
    },
    problems: [...CHECKED, ...UNSENT, ...REJECTED],
  },
  "GET /updates/:key": {
    operationId: "readReceipt",
    answers: {
      200: {
        description: "What became of the update",
        headers: ETAG,
        content: json(ref("Receipt"), { applied: { summary: "Applied", value: RECEIPT } }),
      },
      304: UNCHANGED,
    },
    problems: ["no_receipt", "no_database", "database_unavailable"],
  },
  "POST /update/:table": {
    operationId: "upsertRow",
    description: "The row is upserted by its key; the answer comes when it is settled.",
    body: {
      description: "The row: its key and the columns to write, side by side",
      content: json(ref("FlatRow"), {
        build: {
          summary: "A row of builds",
          value: {
            link: "https://news.example/feed",
            title: "News",
            lastBuildDate: "2024-07-11T16:26:32",
          },
        },
      }),
    },
    answers: {
      200: {
        description: "The row was updated, or needed no update (also when it is newer)",
        headers: LOCATION,
        content: json(ref("RowSettled")),
      },
      201: { description: "The row was added", headers: LOCATION, content: json(ref("RowSettled")) },
      202: {
        description: "The broker has it; it was not settled in time",
        headers: LOCATION,
        content: json(ref("RowAccepted")),
      },
    },
    problems: ["not_found", ...CHECKED, ...UNSENT, ...REJECTED],
  },
};

function ndjson() {
  const line = JSON.stringify({ idempotencyKey: "order-17", ...ADA });
  return {
    schema: { type: "string", description: "One Item or CloudEvent a line; empty lines are passed over" },
    examples: { line: { summary: "One line", value: `${line}\n` } },
  };
}

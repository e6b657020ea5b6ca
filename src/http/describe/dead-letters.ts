import { z } from "zod";
import { REJECTION_CODES } from "../../messages/rejection.ts";
import { json, ref, type RouteDescriptions } from "./description.ts";
import { ADA, RECEIPT } from "./examples.ts";
import { key, time } from "./members.ts";

const head = {
  id: z.string().regex(/^\d+$/),
  idempotencyKey: key,
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  code: z.enum(REJECTION_CODES).describe("Why it was rejected"),
  message: z.string().describe("Why, in a sentence"),
  pointer: z.string().nullable().describe("JSON pointer (RFC 6901) to what is wrong"),
  rule: z.string().nullable(),
  table: z.string().nullable(),
  column: z.string().nullable(),
  index: z.string().nullable(),
  errno: z.int().nullable(),
  messageId: z.string(),
  publishedAt: time("When the broker took it"),
  firstAt: time("When it was first rejected"),
  lastAt: time("When it was last rejected"),
  deliveries: z.int().describe("How often it was rejected"),
  replays: z.int().describe("How often it was published again"),
  replayedAt: time("When it was last published again").nullable(),
  replayOutcome: z.string().nullable().describe("What became of the last replay"),
  bytes: z.int().describe("Size of the original"),
};
const count = z.strictObject({
  code: z.enum(REJECTION_CODES),
  table: z.string().nullable(),
  count: z.int(),
  open: z.int().describe("Those that were never replayed, or were rejected again"),
  firstAt: time("The oldest"),
  lastAt: time("The newest"),
});

export const DEAD_LETTER_SCHEMAS = {
  DeadLetterPage: z.strictObject({
    deadLetters: z.array(z.strictObject(head)),
    next: z.string().nullable().describe("`after` of the next page; null: this is the last one"),
  }),
  DeadLetter: z.strictObject({
    ...head,
    attributes: z.record(z.string(), z.string()).describe("The message's attributes"),
    data: z.string().describe("The message's data, when it is text").optional(),
    dataBase64: z.string().describe("The message's data, when it is no text").optional(),
  }),
  DeadLetterSummary: z.strictObject({ groups: z.array(count) }),
  Replayed: z.strictObject({ id: head.id, idempotencyKey: key, location: z.string() }),
} as const;

const LETTER = {
  id: "7",
  idempotencyKey: "order-17",
  fingerprint: RECEIPT.fingerprint,
  code: "row_missing",
  message: "customers has no row with customerID c-42.",
  pointer: "/key",
  rule: null,
  table: "customers",
  column: null,
  index: null,
  errno: null,
  messageId: "1042",
  publishedAt: "2024-07-11T16:26:32.125000Z",
  firstAt: "2024-07-11T16:26:32.141000Z",
  lastAt: "2024-07-11T16:26:32.141000Z",
  deliveries: 1,
  replays: 0,
  replayedAt: null,
  replayOutcome: null,
  bytes: 82,
  attributes: { "idempotency-key": "order-17" },
  data: JSON.stringify({ ...ADA, op: "update" }),
};

const LACKING = ["forbidden", "no_database", "database_unavailable"] as const;

/** The kept originals of rejected updates. */
export const DEAD_LETTERS: RouteDescriptions = {
  "GET /dead-letters": {
    operationId: "listDeadLetters",
    answers: { 200: { description: "A page of dead letters", content: json(ref("DeadLetterPage")) } },
    problems: LACKING,
  },
  "GET /dead-letters/summary": {
    operationId: "countDeadLetters",
    answers: {
      200: { description: "The most frequent first", content: json(ref("DeadLetterSummary")) },
    },
    problems: LACKING,
  },
  "GET /dead-letters/:id": {
    operationId: "readDeadLetter",
    answers: {
      200: {
        description: "The dead letter",
        content: json(ref("DeadLetter"), {
          missing: { summary: "Of a row that was missing", value: LETTER },
        }),
      },
    },
    problems: [...LACKING, "no_dead_letter"],
  },
  "POST /dead-letters/:id/replay": {
    operationId: "replayDeadLetter",
    answers: {
      202: {
        description: "The broker has the original again",
        headers: { Location: "Where the receipt is found" },
        content: json(ref("Replayed"), {
          replayed: {
            summary: "Its receipt is where it was",
            value: { id: "7", idempotencyKey: "order-17", location: "/updates/order-17" },
          },
        }),
      },
    },
    problems: [...LACKING, "no_dead_letter", "not_open", "broker_unavailable", "overloaded"],
  },
  "DELETE /dead-letters/:id": {
    operationId: "discardDeadLetter",
    answers: { 204: { description: "It is deleted" } },
    problems: [...LACKING, "no_dead_letter"],
  },
};

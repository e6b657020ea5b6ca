import { z } from "zod";
import type { JsonSchema } from "../../messages/share-columns.ts";
import { REJECTION_CODES } from "../../messages/rejection.ts";
import { PROBLEMS } from "../problem.ts";
import { ref } from "./description.ts";
import { key, time } from "./members.ts";

const CODES = Object.keys(PROBLEMS).sort() as [string, ...string[]];

/** Where a fault is, and which rule it breaks: only what is known is there. */
const place = {
  pointer: z.string().describe("JSON pointer (RFC 6901) to what is wrong").optional(),
  rule: z.string().describe("The rule that is broken, such as `type` or `range`").optional(),
  table: z.string().optional(),
  column: z.string().optional(),
  index: z.string().describe("The unique index, foreign key or check that does not allow it").optional(),
  errno: z.int().describe("The database's error number").optional(),
};
const code = z.enum(CODES).describe("Stable: the only member that code should look at");
const detail = z.string().describe("A sentence for people; it may change");

const fault = z.strictObject({ code, detail, ...place });
const problem = z.strictObject({
  type: z.literal("about:blank"),
  title: z.string().describe("The code in words"),
  status: z.int().min(400).max(599),
  code,
  detail,
  ...place,
  idempotencyKey: key.optional(),
  errors: z.array(fault).describe("Each of several faults").optional(),
});

/** The members of a receipt. */
export const receipt = {
  idempotencyKey: key,
  outcome: z.enum(["applied", "unchanged", "stale", "rejected"]),
  code: z.enum(REJECTION_CODES).describe("Why; only there when it is rejected").optional(),
  rowsChanged: z.int().min(0).describe("Rows that it made, removed or gave another value"),
  rowsInserted: z.int().min(0).describe("Of these, the rows that it made"),
  messageId: z.string().describe("The id that the broker gave the message"),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("SHA-256 of the update's canonical JSON"),
  publishedAt: time("When the broker took it"),
  appliedAt: time("When it was settled, by the database's clock"),
};
const rejection = z.strictObject({ code: z.enum(REJECTION_CODES), message: detail, ...place });
const location = z.string().describe("Where its receipt is found");
const sent = { idempotencyKey: key, messageId: receipt.messageId, location };
const accepted = z.strictObject({ status: z.literal(202), ...sent });
const settled = z.strictObject({ status: z.literal(200), location, ...receipt });

export const UPDATE_SCHEMAS = {
  Problem: problem,
  Receipt: z.strictObject({ ...receipt, rejection: rejection.optional() }),
  Accepted: accepted,
  Settled: settled,
  RowAccepted: z.strictObject({ message: z.string(), status: z.literal(202), ...sent }),
  RowSettled: z.strictObject({ message: z.string(), location, ...receipt }),
} as const;

/** What became of a list of updates. */
export const RESULTS: JsonSchema = {
  type: "object",
  description: "What became of each update, in the order of the request",
  properties: {
    results: { type: "array", items: { oneOf: [ref("Accepted"), ref("Settled"), ref("Problem")] } },
  },
  required: ["results"],
  additionalProperties: false,
};

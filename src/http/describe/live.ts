import { z } from "zod";
import { json, ref, type RouteDescriptions } from "./description.ts";
import { receipt } from "./schemas.ts";

export const LIVE_SCHEMAS = {
  RecentReceipts: z.strictObject({
    receipts: z.array(z.strictObject({ id: z.string().regex(/^\d+$/), ...receipt })),
  }),
} as const;

/** What is going on, for the page. */
export const LIVE: RouteDescriptions = {
  "GET /receipts": {
    operationId: "listReceipts",
    answers: { 200: { description: "The newest first", content: json(ref("RecentReceipts")) } },
    problems: ["forbidden", "no_database", "database_unavailable"],
  },
  "GET /events": {
    operationId: "followCounters",
    answers: {
      200: {
        description: "Events named `counters`, until the client or the process goes",
        content: { "text/event-stream": { schema: { type: "string" } } },
      },
    },
    problems: ["forbidden", "overloaded"],
  },
};

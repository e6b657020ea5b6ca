import { z } from "zod";
import { LOG_LEVELS } from "../../telemetry/log-level.ts";
import { LevelChange } from "../../telemetry/level-change.ts";
import { json, ref, type RouteDescriptions } from "./description.ts";

const state = {
  level: z.enum(LOG_LEVELS).describe("Least severe log line"),
  configured: z.enum(LOG_LEVELS).describe("What LOG_LEVEL says"),
  until: z.string().optional().describe("When it is that again, RFC 3339; not there: it stays as it is"),
};

export const OPERATION_SCHEMAS = {
  LogLevel: z.strictObject({
    ...state,
    worker: z.union([z.strictObject(state), z.null()]).describe("The worker's; null: this sidecar has none"),
  }),
  LogLevelChange: LevelChange,
} as const;

const answers = { 200: { description: "How they log now", content: json(ref("LogLevel")) } };

/** What an operator may change in a running process. */
export const OPERATION: RouteDescriptions = {
  "GET /log-level": { operationId: "readLogLevel", answers, problems: ["worker_unavailable"] },
  "PUT /log-level": {
    operationId: "switchLogLevel",
    description:
      "Of this process and its worker, until they end or the time is over. Nothing is changed when the worker does not answer.",
    body: {
      description: "The level, and for how long",
      content: json(ref("LogLevelChange"), {
        debug: {
          summary: "A line a batch and a request, for ten minutes",
          value: { level: "debug", seconds: 600 },
        },
      }),
    },
    answers,
    problems: ["invalid", "malformed", "worker_unavailable"],
  },
};

import { z } from "zod";
import { json, ref, type RouteDescriptions } from "./description.ts";

const reason = z.strictObject({
  code: z.string().describe("Stable; those of the worker begin with `worker_`"),
  message: z.string(),
});

export const HEALTH_SCHEMAS = {
  Alive: z.strictObject({ status: z.literal("ok") }),
  Readiness: z.strictObject({ ready: z.boolean(), reasons: z.array(reason) }),
} as const;

const alive = { 200: { description: "It is", content: json(ref("Alive")) } };
const STOPPING = { ready: false, reasons: [{ code: "stopping", message: "the sidecar is stopping" }] };
const text = { schema: { type: "string" } };

/** The probes, the metrics, and the description itself. */
export const HEALTH: RouteDescriptions = {
  "GET /livez": { operationId: "isAlive", answers: alive },
  "GET /startupz": { operationId: "hasStarted", answers: alive },
  "GET /readyz": {
    operationId: "isReady",
    description: "A backlog never fails it.",
    answers: {
      200: { description: "It can", content: json(ref("Readiness")) },
      503: {
        description: "It can't: the reasons say why",
        content: json(ref("Readiness"), { stopping: { summary: "It is stopping", value: STOPPING } }),
      },
    },
  },
  "GET /metrics": {
    operationId: "readMetrics",
    answers: {
      200: {
        description: "In the format that `Accept` asks for",
        content: { "text/plain": text, "application/openmetrics-text": text },
      },
    },
  },
  "GET /openapi.json": {
    operationId: "readDescription",
    answers: {
      200: {
        description: "This document: OpenAPI 3.1",
        content: json({
          type: "object",
          properties: {
            openapi: { type: "string" },
            info: { type: "object" },
            paths: { type: "object" },
          },
          required: ["openapi", "info", "paths"],
        }),
      },
    },
  },
};

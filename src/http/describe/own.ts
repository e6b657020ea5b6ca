import { json, type RouteDescriptions } from "./description.ts";

/** The description of itself. */
export const OWN: RouteDescriptions = {
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

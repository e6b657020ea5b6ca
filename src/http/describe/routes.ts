import { z } from "zod";
import type { JsonSchema } from "../../messages/share-columns.ts";
import { DEAD_LETTER_SCHEMAS, DEAD_LETTERS } from "./dead-letters.ts";
import type { RouteDescriptions } from "./description.ts";
import { HEALTH, HEALTH_SCHEMAS } from "./health.ts";
import { LIVE, LIVE_SCHEMAS } from "./live.ts";
import { ROWS, TABLE_SCHEMAS } from "./rows.ts";
import { OPERATION, OPERATION_SCHEMAS } from "./operation.ts";
import { RESULTS, UPDATE_SCHEMAS } from "./schemas.ts";
import { UPDATES } from "./updates.ts";

/** What is said of each route. A test fails when a route is not here, or when there is no such route. */
export const DESCRIPTIONS: RouteDescriptions = {
  ...UPDATES,
  ...ROWS,
  ...DEAD_LETTERS,
  ...LIVE,
  ...OPERATION,
  ...HEALTH,
};

const SCHEMAS = {
  ...UPDATE_SCHEMAS,
  ...TABLE_SCHEMAS,
  ...DEAD_LETTER_SCHEMAS,
  ...LIVE_SCHEMAS,
  ...OPERATION_SCHEMAS,
  ...HEALTH_SCHEMAS,
};

/** The answers' schemas, by component; those that no table's definition is part of. */
export function answerSchemas(): Record<string, JsonSchema> {
  const all = Object.entries(SCHEMAS).map(([name, schema]) => [name, schemaOf(schema)] as const);
  return { ...Object.fromEntries(all), Results: RESULTS };
}

/** The JSON Schema of what this zod schema lets out. */
function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "output" });
  return rest;
}

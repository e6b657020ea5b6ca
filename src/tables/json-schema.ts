import { z } from "zod";
import { Group } from "./group.ts";
import type { JsonSchema } from "./kinds/kind.ts";

/** JSON Schema 2020-12 of one change of a table, any allowed operation, from the schemas that the worker itself uses. */
export function changeJsonSchema(table: string, changes: readonly Group[]): JsonSchema {
  const [first, ...others] = changes;
  if (first === undefined) {
    return { not: {} };
  }
  const printed = z.toJSONSchema(z.discriminatedUnion("op", [first, ...others]), {
    target: "draft-2020-12",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof Group) {
        Object.assign(jsonSchema, zodSchema._zod.def.json);
      }
    },
  });
  const { $schema, ...rest } = printed as JsonSchema;
  return { $schema, title: `A change of the table ${table}`, ...rest };
}

import { z } from "zod";
import { LOG_LEVELS } from "./log-level.ts";

/** A day: who needs a level for longer sets `LOG_LEVEL`. */
const LONGEST_SECONDS = 86_400;

/** What `PUT /log-level` takes. */
export const LevelChange = z.strictObject({
  level: z.enum(LOG_LEVELS).describe("Least severe log line from now on"),
  seconds: z
    .int()
    .min(1)
    .max(LONGEST_SECONDS)
    .optional()
    .describe(
      "After this time the level is again what LOG_LEVEL says; not given: it stays until the process ends",
    ),
});
export type LevelChange = z.output<typeof LevelChange>;

import { z } from "zod";

/** An idempotency key, as a member of an answer. */
export const key = z.string().describe("The update's idempotency key: 1 to 255 printable ASCII characters");

/** A time, RFC 3339 in UTC. */
export function time(what: string) {
  return z.string().meta({ format: "date-time", description: what });
}

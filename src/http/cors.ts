import { fastifyCors } from "@fastify/cors";
import type { FastifyInstance } from "fastify";

/**
 * Lets pages of these origins read the answers (Fetch standard, "CORS protocol"); of no others, and never with cookies. Register it
 * before who asks is checked: a browser asks first, without credentials, what it may send.
 */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(fastifyCors, {
    origin: [...origins],
    methods: ["GET", "HEAD", "POST", "DELETE"],
    exposedHeaders: ["ETag", "Link", "Location", "Preference-Applied", "Retry-After"],
    maxAge: 600,
    strictPreflight: false,
  });
}

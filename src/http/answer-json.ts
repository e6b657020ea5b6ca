import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * Answers a GET or HEAD with JSON text and its strong ETag, the SHA-256 of the text; with 304 and no body when the caller
 * has just that (If-None-Match, RFC 9110 section 13.1.2). Caches may keep it for the caller alone, and ask each time.
 */
export function answerJson(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const body = Buffer.from(text);
  const tag = `"${createHash("sha256").update(body).digest("base64url")}"`;
  reply.header("etag", tag).header("cache-control", "private, no-cache");
  if (matches(request.headers["if-none-match"], tag)) return reply.status(304).send();
  return reply.type("application/json; charset=utf-8").send(body);
}

/** Compares weakly, as If-None-Match wants: `W/"x"` is `"x"`. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const tags: readonly string[] = header.match(/"[^"]*"/g) ?? [];
  return tags.includes(tag);
}

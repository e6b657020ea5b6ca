import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PROJECT } from "../project.ts";
import type { HttpApp } from "./app.ts";

const FOLDER = new URL("src/http/page/", PROJECT);

const FILES = [
  "page.css",
  "icon.svg",
  "main.js",
  "api.js",
  "chart.js",
  "dead-letter.js",
  "dead-letters.js",
  "dom.js",
  "events.js",
  "overview.js",
  "rows.js",
  "send.js",
  "tables.js",
  "text.js",
] as const;

const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
} as const;

/** The page may load and ask only what this server itself serves, and nothing may frame it (CSP Level 3). */
export const PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `GET /`: the page for people, and its files under `/page/`. All are read once, when the server opens. */
export function pageRoutes(app: HttpApp): void {
  serve(app, "/", "index.html");
  for (const file of FILES) serve(app, `/page/${file}`, file);
}

function serve(app: HttpApp, url: string, file: string): void {
  const bytes = readFileSync(new URL(file, FOLDER));
  const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
  const type = TYPES[file.slice(file.lastIndexOf(".") + 1) as keyof typeof TYPES];
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers({ etag, "cache-control": "no-cache" });
    if (request.headers["if-none-match"]?.includes(etag)) return reply.status(304).send();
    return reply.type(type).send(bytes);
  };
  app.get(url, { config: { public: true, csp: PAGE_CSP }, schema: { hide: true } }, answer);
}

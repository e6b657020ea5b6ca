import { z } from "zod";
import type { HttpApp } from "./app.ts";
import type { SidecarParts } from "./parts.ts";

/**
 * The probes (Kubernetes documentation, "Liveness, Readiness, and Startup Probes") and the metrics. None of them waits for the
 * database or counts what waits: a backlog is a metric, never a failing probe.
 */
export function healthRoutes(app: HttpApp, { readiness, metrics }: SidecarParts): void {
  const config = { public: true };
  for (const [path, summary] of ALIVE) {
    app.get(path, { schema: { tags: ["health"], summary }, config }, async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { status: "ok" };
    });
  }
  app.get(
    "/readyz",
    { schema: { tags: ["health"], summary: "Whether updates can be published" }, config },
    async (_request, reply) => {
      const body = await readiness.look();
      return reply
        .status(body.ready ? 200 : 503)
        .header("cache-control", "no-store")
        .send(body);
    },
  );
  app.get(
    "/metrics",
    { schema: { tags: ["health"], summary: "The metrics of this process", headers: Headers }, config },
    async (request, reply) => {
      const { contentType, body } = await metrics.expose(request.headers.accept);
      return reply.header("content-type", contentType).header("cache-control", "no-store").send(body);
    },
  );
}

const ALIVE = [
  ["/livez", "Whether the process is alive"],
  ["/startupz", "Whether the process has started"],
] as const;

const Headers = z.looseObject({
  accept: z
    .string()
    .optional()
    .describe("application/openmetrics-text, or text/plain for Prometheus' older format"),
});

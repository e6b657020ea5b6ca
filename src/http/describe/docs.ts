import { fastifySwaggerUi } from "@fastify/swagger-ui";
import type { HttpApp } from "../app.ts";

/** `/openapi.json`, and its reader at `/docs`, which asks no other host for anything. After {@link describeRoutes}. */
export async function descriptionRoutes(app: HttpApp): Promise<void> {
  app.get(
    "/openapi.json",
    { config: { public: true }, schema: { tags: ["health"], summary: "This description" } },
    () => app.swagger(),
  );
  await app.register(async (scope) => {
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, public: true };
      route.schema = { ...route.schema, hide: true };
    });
    await scope.register(fastifySwaggerUi, {
      routePrefix: "/docs",
      staticCSP: CSP,
      theme: { title: "rowpost: API" },
      uiConfig: {
        layout: "BaseLayout",
        deepLinking: true,
        tryItOutEnabled: true,
        displayRequestDuration: true,
      },
    });
  });
}

/** The reader draws its icons from data: URLs; everything else is this sidecar's own. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

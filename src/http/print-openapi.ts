import type { Log } from "../telemetry/log.ts";
import { OPEN_ACCESS } from "./access.ts";
import { type AppOptions, createApp } from "./create-app.ts";
import type { Described, Document } from "./describe/document.ts";
import { addRoutes } from "./open-sidecar.ts";
import type { SidecarParts } from "./parts.ts";

/** The OpenAPI document of a sidecar with these tables and limits, without opening one. */
export async function openApiDocument(described: Described): Promise<Document> {
  // The routes are registered and never asked, so they need no other parts.
  const parts = { ...described, access: OPEN_ACCESS } as SidecarParts;
  const options = { access: OPEN_ACCESS, log: {} as Log, bodyBytes: described.options.bodyBytes };
  const app = await createApp(options as AppOptions);
  try {
    await addRoutes(app, parts);
    await app.ready();
    return app.swagger() as Document;
  } finally {
    await app.close();
  }
}

/** The document as it is printed to `schemas/openapi.json`. */
export async function printOpenApi(described: Described): Promise<string> {
  return `${JSON.stringify(await openApiDocument(described), null, 2)}\n`;
}

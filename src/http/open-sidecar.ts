import type { AddressInfo } from "node:net";
import type { Log } from "../telemetry/log.ts";
import type { HttpApp } from "./app.ts";
import { createApp } from "./create-app.ts";
import { descriptionRoutes } from "./describe/docs.ts";
import { describeRoutes } from "./describe/document.ts";
import type { SidecarParts } from "./parts.ts";
import { deadLetterRoutes } from "./routes-dead-letters.ts";
import { healthRoutes } from "./routes-health.ts";
import { logLevelRoutes } from "./routes-log-level.ts";
import { pageRoutes } from "./routes-page.ts";
import { rowRoutes } from "./routes-rows.ts";
import { nextPostRoutes } from "./routes-next-post.ts";
import { tableRoutes } from "./routes-tables.ts";
import { eventRoutes } from "./routes-events.ts";
import { flatRowRoutes } from "./routes-flat-rows.ts";
import { updateRoutes } from "./routes-updates.ts";
import { watchSilentConnections } from "./silent-connections.ts";

export interface SidecarAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How long closing may wait for requests in hand. */
  readonly graceMs: number;
}

export interface Sidecar extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Becomes unready, stops listening, answers the requests in hand (those that wait for receipts at once, with 202), then
   * resolves; what is not answered when the grace period ends is cut off. Twice does no harm.
   */
  close(): Promise<void>;
}

/** Opens the HTTP server. Rejects with one clear sentence when it cannot listen. */
export async function openSidecar(
  parts: SidecarParts,
  { host, port, graceMs }: SidecarAddress,
  log: Log,
): Promise<Sidecar> {
  const { access, metrics, tracing, options } = parts;
  const { bodyBytes, ratePerSecond, corsOrigins } = options;
  const app = await createApp({ access, log, metrics, tracing, bodyBytes, ratePerSecond, corsOrigins });
  await addRoutes(app, parts);
  const closeSilent = watchSilentConnections(app.server);
  app.addHook("preClose", async () => closeSilent());
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new Error(`cannot serve HTTP on ${host}:${port}: ${whyNot(error)}`, { cause: error });
  }
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(app, parts, graceMs));
  return { port: (app.server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

/** All routes and their description, which `app.swagger()` gives when the app is ready. */
export async function addRoutes(app: HttpApp, parts: SidecarParts): Promise<void> {
  await describeRoutes(app, parts);
  healthRoutes(app, parts);
  updateRoutes(app, parts);
  flatRowRoutes(app, parts);
  tableRoutes(app, parts);
  rowRoutes(app, parts);
  nextPostRoutes(app, parts);
  deadLetterRoutes(app, parts);
  eventRoutes(app, parts);
  logLevelRoutes(app, parts);
  pageRoutes(app);
  await descriptionRoutes(app);
}

async function closeAll(app: HttpApp, { waits, readiness }: SidecarParts, graceMs: number): Promise<void> {
  readiness.stop();
  const late = setTimeout(() => app.server.closeAllConnections(), graceMs);
  const closing = app.close();
  await waits.close();
  await closing;
  clearTimeout(late);
}

function whyNot(error: unknown): string {
  switch ((error as { code?: string }).code) {
    case "EADDRINUSE":
      return "the port is in use; set PORT to another one";
    case "EACCES":
      return "this user may not listen on that port; set PORT to one above 1023";
    case "EADDRNOTAVAIL":
      return "this machine has no such address; set HTTP_HOST to one that it has";
    default:
      return String(error);
  }
}

import type { AddressInfo } from "node:net";
import type { Log } from "../telemetry/log.ts";
import { createApp } from "./create-app.ts";
import type { SidecarParts } from "./parts.ts";
import { deadLetterRoutes } from "./routes-dead-letters.ts";
import { seedUpdateRoutes } from "./routes-seed-updates.ts";
import { updateRoutes } from "./routes-updates.ts";

export interface SidecarAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface Sidecar extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Stops listening, answers the requests in hand (those that wait for receipts at once, with 202), then resolves. Twice does
   * no harm.
   */
  close(): Promise<void>;
}

/** Opens the HTTP server. Rejects with one clear sentence when it cannot listen. */
export async function openSidecar(
  parts: SidecarParts,
  { host, port }: SidecarAddress,
  log: Log,
): Promise<Sidecar> {
  const app = createApp({ access: parts.access, log, bodyBytes: parts.options.bodyBytes });
  updateRoutes(app, parts);
  seedUpdateRoutes(app, parts);
  deadLetterRoutes(app, parts);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw new Error(`cannot serve HTTP on ${host}:${port}: ${whyNot(error)}`, { cause: error });
  }
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll(app, parts));
  return { port: (app.server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

async function closeAll(app: ReturnType<typeof createApp>, { waits }: SidecarParts): Promise<void> {
  const closing = app.close();
  await waits.close();
  await closing;
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

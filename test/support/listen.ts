import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Scope } from "./servers.ts";

/** Starts an HTTP server on a free port of this machine; closed, with its connections, when the scope ends. */
export async function listen(
  scope: Scope,
  server: Server,
): Promise<{ readonly host: string; readonly url: string }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, url: `http://${host}` };
}

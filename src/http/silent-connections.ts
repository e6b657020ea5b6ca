import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Watches for connections on which nothing has come yet, which browsers open ahead of need; the function that it gives closes
 * them. Node's `server.closeIdleConnections()` closes only those that have had a request, so that a stop would wait for them.
 */
export function watchSilentConnections(server: Server): () => void {
  const silent = new Set<Socket>();
  let closing = false;
  server.on("connection", (socket: Socket) => {
    if (closing) socket.destroy();
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  server.on("request", ({ socket }) => silent.delete(socket));
  return () => {
    closing = true;
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
  };
}

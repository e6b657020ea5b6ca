import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { controlRequests } from "./control.ts";
import type { Faults } from "./faults.ts";

interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly faults: Faults;
  /** Takes a connection that speaks gRPC. */
  grpc(socket: Socket): void;
}

/** The port of a broker: gRPC, and HTTP/1 for who asks whether it is there and for tests that change its faults. */
export interface Listener {
  readonly port: number;
  /** Ends the connection from this address at once. */
  drop(peer: string): void;
  close(): Promise<void>;
}

export async function openListener({ host, port, faults, grpc }: ListenerOptions): Promise<Listener> {
  const sockets = new Map<string, Socket>();
  const http = createHttpServer(controlRequests(faults));
  const server = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(peer));
    // A client that goes away is no fault of ours.
    socket.on("error", () => {});
    socket.once("readable", () => {
      const start: Buffer | null = socket.read();
      if (start === null) return;
      socket.unshift(start);
      // HTTP/2 begins with "PRI".
      if (start.subarray(0, 3).toString() === "PRI") grpc(socket);
      else http.emit("connection", socket);
    });
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    drop: (peer) => sockets.get(peer)?.resetAndDestroy(),
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets.values()) socket.destroy();
      http.closeAllConnections();
      await closed;
    },
  };
}

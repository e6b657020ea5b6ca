import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import type { Scope } from "./servers.ts";

/**
 * As much of a MySQL server as a login needs: it greets, turns to TLS when it has a certificate and the client wants it, asks
 * for the password as it is (`mysql_clear_password`), and says yes to everything. For what no real server here does.
 */
export interface AskingServer {
  readonly port: number;
  /** What clients have sent, from their first packet on: before TLS, and within it. */
  readonly plain: Buffer[];
  readonly secured: Buffer[];
  /** The passwords that were handed over. */
  readonly passwords: string[];
}

/** Its certificate and key, and what else Node.js takes. */
type Tls = TLSSocketOptions & { readonly cert: string; readonly key: string };

/** Starts one on a free port of this machine; without `tls` it offers none. Closed when the scope ends. */
export async function askingServer(scope: Scope, tls?: Tls): Promise<AskingServer> {
  const seen = { plain: [] as Buffer[], secured: [] as Buffer[], passwords: [] as string[] };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    void serve(socket, tls, seen).catch(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  });
  return { port: (server.address() as AddressInfo).port, ...seen };
}

/** An SSLRequest is the head of a login and no more (MySQL's page "Connection Phase"). */
const SSL_REQUEST_BYTES = 32;

const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const ASK = Buffer.concat([Buffer.from([0xfe]), Buffer.from("mysql_clear_password\0\0")]);

async function serve(socket: Socket, tls: Tls | undefined, seen: Omit<AskingServer, "port">): Promise<void> {
  send(socket, 0, greeting(tls !== undefined));
  let peer: Socket = socket;
  let first = await packet(peer, seen.plain);
  if (tls !== undefined && first.length === SSL_REQUEST_BYTES) {
    const secured = new TLSSocket(socket, {
      ...tls,
      isServer: true,
      secureContext: createSecureContext(tls),
    });
    secured.on("error", () => {});
    peer = secured;
    first = await packet(peer, seen.secured);
  }
  const into = peer === socket ? seen.plain : seen.secured;
  send(peer, peer === socket ? 2 : 3, ASK);
  const password = await packet(peer, into);
  seen.passwords.push(password.toString().replace(/\0$/, ""));
  send(peer, peer === socket ? 4 : 5, OK);
  for (;;) {
    await packet(peer, into);
    send(peer, 1, OK);
  }
}

/** The body of the next packet; what comes behind it stays where it is, for TLS to read. */
async function packet(socket: Socket, seen: Buffer[]): Promise<Buffer> {
  const head = await take(socket, 4);
  const body = await take(socket, head.readUIntLE(0, 3));
  seen.push(body);
  return body;
}

async function take(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const taken = socket.read(bytes) as Buffer | null;
    if (taken !== null) return taken;
    if (socket.readableEnded) throw new Error("the client has gone");
    await once(socket, "readable");
  }
}

function send(socket: Socket, sequence: number, body: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  socket.write(Buffer.concat([head, body]));
}

/** Protocol version 10, with the capabilities of a MySQL 8: SSL is 0x800, the plugin's name 0x80000. */
function greeting(tls: boolean): Buffer {
  const capabilities = 0xc0_a2_08 | 0x08_00_00 | (tls ? 0x800 : 0) | 0x8000 | 0x200 | 0x8;
  const low = Buffer.alloc(2);
  low.writeUInt16LE(capabilities & 0xffff);
  const high = Buffer.alloc(2);
  high.writeUInt16LE(capabilities >>> 16);
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from("8.0.99\0"),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from("abcdefgh\0"),
    low,
    Buffer.from([45, 2, 0]),
    high,
    Buffer.from([21]),
    Buffer.alloc(10),
    Buffer.from("ijklmnopqrst\0"),
    Buffer.from("caching_sha2_password\0"),
  ]);
}

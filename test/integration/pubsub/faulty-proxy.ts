import { once } from "node:events";
import { connect, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Scope } from "../../support/servers.ts";

const STREAMING_PULL = "/google.pubsub.v1.Subscriber/StreamingPull";

/** Stands between a client and a real broker, passes all on, and ends a stream when told. */
export interface FaultyProxy {
  readonly host: string;
  /** StreamingPull streams that are open now, and that were ever opened. */
  readonly live: number;
  readonly opened: number;
  /** Ends the oldest open StreamingPull with a gRPC status of its own. */
  endOneStream(status: number): void;
}

/** gRPC is HTTP/2 with the status in the trailers (gRPC documentation, "gRPC over HTTP2"). */
export async function faultyProxy(scope: Scope, brokerHost: string): Promise<FaultyProxy> {
  const upstream = connect(`http://${brokerHost}`);
  const pulls = new Map<ServerHttp2Stream, (status: number) => void>();
  const sessions = new Set<ServerHttp2Session>();
  let opened = 0;
  const server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (down, headers) => {
    const up = upstream.request({ ...headers, ":authority": brokerHost }, { endStream: false });
    const end = pass(down, up);
    if (headers[":path"] === STREAMING_PULL) {
      opened += 1;
      pulls.set(down, end);
      down.once("close", () => pulls.delete(down));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(async () => {
    upstream.destroy();
    for (const session of sessions) {
      session.destroy();
    }
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get live() {
      return pulls.size;
    },
    get opened() {
      return opened;
    },
    endOneStream: (status) => pulls.values().next().value?.(status),
  };
}

/** Passes one call on in both directions; what it gives ends the call with a status. */
function pass(
  down: ServerHttp2Stream,
  up: ReturnType<ReturnType<typeof connect>["request"]>,
): (status: number) => void {
  let trailers: Record<string, string | string[] | undefined> = {};
  down.on("error", () => {});
  up.on("error", () => down.close());
  down.pipe(up);
  up.on("response", ({ ":status": status, ...headers }) => {
    down.respond({ ":status": status ?? 200, ...headers }, { waitForTrailers: true });
  });
  up.on("trailers", (received) => {
    trailers = received;
  });
  up.on("data", (chunk: Buffer) => down.write(chunk));
  up.on("end", () => down.end());
  down.on("wantTrailers", () => down.sendTrailers(trailers));
  down.once("close", () => up.close());
  return (status) => {
    trailers = { "grpc-status": String(status) };
    if (!down.headersSent) {
      down.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    }
    down.end();
  };
}

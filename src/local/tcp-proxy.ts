import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Random, xoshiro128 } from "./broker/random.ts";
import { Flow, type Pace } from "./tcp-flow.ts";

/** Stands between a client and a real server, passes bytes on, and does to them what networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now, that were ever accepted, and that `cut` has ended. */
  readonly connections: number;
  readonly accepted: number;
  readonly cuts: number;
  /** New connections lead to this port from now on: a failover, as names and load balancers do it. Others stay. */
  forwardTo(port: number): void;
  /** Ends this share of the connections, chosen at random: half of them by RST, half by FIN. */
  cut(fraction: number): void;
  /** Takes no new connections (ECONNREFUSED) until `accept`. Others stay. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /**
   * Passes nothing on, in neither direction, and says nothing of it: no RST, no FIN. `existing`: what is open now; `fresh`:
   * what comes later, which is accepted but reaches no server. Bytes wait where TCP keeps them.
   */
  blackhole(which: { readonly existing: boolean; readonly fresh: boolean }): void;
  /** Ends all blackholes; what waited is passed on. */
  heal(): void;
  /** Bytes take this long, in each direction. 0: no longer than usual. */
  delay(ms: number): void;
  /** Each direction of each connection passes so many bytes in a second. Infinity: as many as come. */
  throttle(bytesPerSecond: number): void;
}

/** Opens a proxy before a port of this machine. The seed decides which connections are cut. */
export async function openTcpProxy(port: number, seed = 1): Promise<TcpProxy> {
  const proxy = new LocalProxy(port, xoshiro128(seed));
  await proxy.open();
  return proxy;
}

class LocalProxy implements TcpProxy {
  readonly host = "127.0.0.1";
  port = 0;
  accepted = 0;
  cuts = 0;
  readonly #random: Random;
  readonly #pace: Pace = { delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #target: number;
  #holdFresh = false;

  constructor(target: number, random: Random) {
    this.#target = target;
    this.#random = random;
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
    this.#server = createServer(options, (client) => this.#take(client));
  }

  get connections(): number {
    return this.#pairs.size;
  }

  async open(): Promise<void> {
    this.port = await listening(this.#server, this.port);
  }

  forwardTo(port: number): void {
    this.#target = port;
  }

  cut(fraction: number): void {
    for (const pair of [...this.#pairs].filter(() => this.#random() < fraction)) {
      this.cuts += 1;
      pair.end(this.#random() < 0.5 ? "rst" : "fin");
    }
  }

  /** Does not wait for the connections that stay. */
  async refuse(): Promise<void> {
    this.#server.close();
  }

  async accept(): Promise<void> {
    await this.open();
  }

  blackhole({ existing, fresh }: { readonly existing: boolean; readonly fresh: boolean }): void {
    this.#holdFresh = fresh;
    if (existing) for (const pair of this.#pairs) pair.hold();
  }

  heal(): void {
    this.#holdFresh = false;
    for (const pair of this.#pairs) pair.go();
  }

  delay(ms: number): void {
    this.#pace.delayMs = ms;
  }

  throttle(bytesPerSecond: number): void {
    this.#pace.bytesPerSecond = bytesPerSecond;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.#pairs) pair.end("rst");
    if (this.#server.listening) await closed(this.#server);
  }

  #take(client: Socket): void {
    this.accepted += 1;
    const pair = new Pair(
      client,
      () => this.#target,
      this.#pace,
      () => this.#pairs.delete(pair),
    );
    this.#pairs.add(pair);
    if (!this.#holdFresh) pair.go();
  }
}

async function listening(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/**
 * A client and its server. held → going by `go`, which connects the first time; going → held by `hold`; any → ended by `end`,
 * or when both sides have.
 */
class Pair {
  readonly #client: Socket;
  readonly #target: () => number;
  readonly #pace: Pace;
  readonly #ended: () => void;
  #upstream: Socket | undefined;
  #over = false;
  #flows: readonly Flow[] = [];

  constructor(client: Socket, target: () => number, pace: Pace, ended: () => void) {
    this.#client = client;
    this.#target = target;
    this.#pace = pace;
    this.#ended = ended;
    client.on("error", () => this.end("rst"));
    client.on("close", () => this.#closed());
  }

  go(): void {
    // One that has ended must not connect any more: nobody would end what it opens.
    if (this.#over || this.#client.destroyed) return;
    if (this.#upstream === undefined) {
      const upstream = connect({
        port: this.#target(),
        host: "127.0.0.1",
        allowHalfOpen: true,
        noDelay: true,
      });
      this.#upstream = upstream;
      upstream.on("error", () => this.end("rst"));
      upstream.on("close", () => this.#closed());
      this.#flows = [
        new Flow(this.#client, upstream, this.#pace),
        new Flow(upstream, this.#client, this.#pace),
      ];
    }
    for (const flow of this.#flows) flow.go();
  }

  hold(): void {
    for (const flow of this.#flows) flow.hold();
  }

  end(how: "rst" | "fin"): void {
    this.#over = true;
    for (const flow of this.#flows) flow.end();
    for (const socket of [this.#client, this.#upstream]) {
      if (how === "fin") socket?.destroySoon();
      // A socket that is being shut down cannot be reset any more, and Node would not close it (libuv, uv_tcp_close_reset).
      else if (socket?.writableEnded) socket.destroy();
      else socket?.resetAndDestroy();
    }
  }

  #closed(): void {
    if (this.#client.destroyed && this.#upstream?.destroyed !== false) this.#ended();
  }
}

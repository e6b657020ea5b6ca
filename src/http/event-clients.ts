import { Readable } from "node:stream";

export interface EventClientsOptions {
  /** Clients at once at the most. */
  readonly most: number;
  /** Time between two comments, which keep proxies from closing a silent connection. */
  readonly heartbeatMs: number;
}

/** What waits for a client that reads slowly; beyond it events are left out. */
const SLOW_BYTES = 256 * 1024;
/** How soon a client asks again when its connection breaks. */
const GREETING = "retry: 2000\n\n";
const HEARTBEAT = ": still here\n\n";

/** The clients of one stream of server-sent events (HTML standard, section 9.2). */
export class EventClients {
  readonly #options: EventClientsOptions;
  readonly #clients = new Set<Readable>();
  #heartbeat: NodeJS.Timeout | undefined;
  #events = 0;
  #closed = false;

  constructor(options: EventClientsOptions) {
    this.#options = options;
  }

  /** A stream for one more client; undefined when there are as many as may be. `gone` is called when it has left. */
  add(gone: () => void): Readable | undefined {
    if (this.#clients.size >= this.#options.most) return undefined;
    const client = new Readable({ read() {} });
    client.push(GREETING);
    this.#clients.add(client);
    this.#heartbeat ??= setInterval(() => this.#push(HEARTBEAT), this.#options.heartbeatMs);
    client.once("close", () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#rest();
      gone();
    });
    if (this.#closed) client.push(null);
    return client;
  }

  /** Sends an event to all. */
  send(name: string, data: unknown): void {
    this.#events += 1;
    this.#push(`id: ${this.#events}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Ends all streams. Twice does no harm. */
  close(): void {
    this.#closed = true;
    this.#rest();
    for (const client of this.#clients) client.push(null);
  }

  #push(text: string): void {
    if (this.#closed) return;
    for (const client of this.#clients) if (client.readableLength < SLOW_BYTES) client.push(text);
  }

  #rest(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

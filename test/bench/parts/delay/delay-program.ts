import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { sharedClock } from "../../job.ts";
import { ExactTimer } from "./exact-timer.ts";

// A proxy before a port of this machine, in a process of its own: it hears a port, then delays, in ms, and answers each with its
// own port. What the server says comes so much later; what it hears is passed on at once, so a round trip grows by the delay.

/** What the server said and the client has not got yet, the oldest first; undefined: the end. */
const held: { readonly to: Socket; readonly chunk: Buffer | undefined; readonly due: number }[] = [];
let target = 0;
let delayMs = 0;

const timer = new ExactTimer(() => {
  pass();
  arm();
});

function pass(): void {
  while (held[0] !== undefined && held[0].due <= sharedClock() + 0.02) {
    const { to, chunk } = held.shift() as (typeof held)[number];
    if (chunk === undefined) to.end();
    else to.write(chunk);
  }
}

function arm(): void {
  if (held[0] !== undefined) timer.set(held[0].due);
}

function hold(to: Socket, chunk: Buffer | undefined): void {
  held.push({ to, chunk, due: sharedClock() + delayMs });
  if (held.length === 1) arm();
}

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
  client.pipe(upstream);
  upstream.on("data", (chunk) => (delayMs === 0 ? client.write(chunk) : hold(client, chunk)));
  upstream.on("end", () => hold(client, undefined));
  client.on("error", () => upstream.destroy());
  upstream.on("error", () => client.destroy());
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

process.on("message", (message: { readonly target?: number; readonly delayMs?: number }) => {
  target = message.target ?? target;
  delayMs = message.delayMs ?? delayMs;
  process.send?.({ port });
});
process.once("disconnect", () => process.exit());

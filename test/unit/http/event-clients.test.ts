import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { EventClients } from "../../../src/http/event-clients.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

test("a client gets events as the HTML standard has them, and a comment now and then", async () => {
  const clients = new EventClients({ most: 2, heartbeatMs: 5 });
  const client = clients.add(() => {});
  assert(client !== undefined);
  let text = "";
  client.on("data", (chunk: Buffer) => (text += chunk));
  clients.send("counters", { n: 1, text: "a\nb" });
  await until("an event and a comment", () => text.includes(": still here\n\n"));
  assert(text.startsWith('retry: 2000\n\nid: 1\nevent: counters\ndata: {"n":1,"text":"a\\nb"}\n\n'), text);
  clients.close();
  await once(client, "end");
});

test("there are no more clients than may be, and one that leaves makes room", async () => {
  const clients = new EventClients({ most: 1, heartbeatMs: 60_000 });
  let left = 0;
  const first = clients.add(() => (left += 1));
  assert.equal(
    clients.add(() => {}),
    undefined,
  );
  first?.destroy();
  await until("it has left", () => left === 1);
  const next = clients.add(() => {});
  assert(next !== undefined);
  next.destroy();
  await once(next, "close");
});

test("a client that does not read is left out, and holds no more memory", async () => {
  const clients = new EventClients({ most: 1, heartbeatMs: 60_000 });
  const client = clients.add(() => {});
  assert(client !== undefined);
  for (let i = 0; i < 100; i += 1) clients.send("counters", "x".repeat(10_000));
  assert(client.readableLength < 300_000, `${client.readableLength}`);
  client.destroy();
  await once(client, "close");
});

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { sampleUpdates } from "../../src/local/samples.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { type RowpostProcess, startRowpost } from "../support/process.ts";
import { broker, database, type Scope } from "../support/servers.ts";
import { until } from "../support/until.ts";

expectNoLeaks();

test("`rowpost dev` sends its samples, each with the outcome that it should have, shows how to go on, and Ctrl-C ends it", async (t) => {
  const taken = await takenPort(t);
  const dev = await start(t, { PORT: String(taken) });
  const output = await until("it stays up", async () => hints(await dev.output()), { timeoutMs: 60_000 });
  for (const { shows, by, expected } of sampleUpdates("x", 0)) {
    assert.match(output, new RegExp(`${escaped(shows)} +${by} +${expected} *$`, "m"));
  }
  assert.doesNotMatch(output, /expected /);
  const [, url = ""] = /^In a browser: (http:\S+)\/$/m.exec(output) ?? [];
  assert.notEqual(new URL(url).port, String(taken));
  assert.ok(output.includes(`curl -i ${url}/updates`), output);
  const ready = await fetch(`${url}/readyz`);
  assert.equal(ready.status, 200, await ready.text());
  assert.deepEqual(await dev.stop(20_000), { code: 0, signal: null });
});

async function start(t: Scope, environment: Readonly<Record<string, string>>): Promise<RowpostProcess> {
  const [on, topic] = [await database(t), await broker(t)];
  return startRowpost(t, ["dev"], { ...on.environment, ...topic.environment, ...environment });
}

function hints(output: string): string | undefined {
  return output.includes("Ctrl-C stops all of it") ? output : undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** A port on which something listens. */
async function takenPort(t: Scope): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => void (await new Promise((resolve) => server.close(resolve))));
  return (server.address() as { port: number }).port;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveCounters, type Sample } from "../../../src/http/live-counters.ts";
import type { SidecarParts } from "../../../src/http/parts.ts";
import { HttpProblem } from "../../../src/http/problem.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

/** Counters on a database that is away; `asked` counts how often it was asked. */
function counters() {
  let asked = 0;
  const store = () => {
    asked += 1;
    return Promise.reject(new HttpProblem("database_unavailable", "It is away."));
  };
  const parts = { database: { configured: true, store }, outbox: { messages: 3 }, waits: { size: 2 } };
  return { live: new LiveCounters(parts as unknown as SidecarParts), asked: () => asked };
}

test("nobody listens: the database is not asked; two listen: it is asked once for both", async () => {
  const { live, asked } = counters();
  assert.equal(asked(), 0);
  const heard: Sample[][] = [[], []];
  const leave = heard.map((samples) => live.listen((sample) => samples.push(sample)));
  await new Promise(setImmediate);
  assert.equal(asked(), 1);
  assert.deepEqual(
    heard.map((samples) => samples.length),
    [1, 1],
  );
  for (const stop of leave) stop();
  live.close();
  assert.equal(asked(), 1);
});

test("a database that is away leaves the process's own counters, and the reason", async () => {
  const { live } = counters();
  const heard: Sample[] = [];
  const leave = live.listen((sample) => heard.push(sample));
  const [sample] = await until("a sample", () => heard.length > 0 && heard);
  assert.equal(sample?.database, null);
  assert.equal(sample?.trouble, "It is away.");
  assert.equal(sample?.publishing, 3);
  assert.equal(sample?.waiting, 2);
  leave();
  live.close();
  live.close();
});

test("those who listen again after all have left hear again", async () => {
  const { live, asked } = counters();
  const heard: Sample[] = [];
  live.listen((sample) => heard.push(sample))();
  const leave = live.listen((sample) => heard.push(sample));
  await until("a sample", () => heard.length > 0);
  leave();
  assert(asked() >= 1);
  live.close();
});

test("closing does not wait for a database that does not answer", async () => {
  const { promise, resolve } = Promise.withResolvers<never>();
  const parts = { database: { configured: true, store: () => promise }, outbox: {}, waits: {} };
  const live = new LiveCounters(parts as unknown as SidecarParts);
  const heard: Sample[] = [];
  live.listen((sample) => heard.push(sample));
  live.close();
  resolve(undefined as never);
  await new Promise(setImmediate);
  assert.deepEqual(heard, []);
});

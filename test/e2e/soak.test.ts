import assert from "node:assert/strict";
import { test } from "node:test";
import { soak } from "../soak/soak.ts";
import { expectNoLeaks } from "../support/leaks.ts";

expectNoLeaks();

test("an even load with a broker that misbehaves a little is applied once each, and leaves no backlog behind", async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const { samples, sent } = await soak(t, { seconds: 12, perSecond: 500, samples: 6, say });
  t.diagnostic(
    JSON.stringify(
      samples.map(({ residentMb, p99Ms, behind }) => [residentMb, p99Ms, behind].map(Math.round)),
    ),
  );
  assert.ok(sent >= 5_000, `${sent} were sent`);
  // A process that keeps something of each update grows with them; what V8 has not collected yet is no more than this.
  const [second, last] = [samples[1], samples.at(-1)].map((sample) => sample?.residentMb ?? Number.NaN);
  assert.ok((last ?? 0) < (second ?? 0) + 60, `from ${second} to ${last} MB`);
  assert.ok(samples.every(({ p50Ms }) => p50Ms > 0));
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { openPubSub } from "../../../src/pubsub/client.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker } from "../../support/servers.ts";

expectNoLeaks();
const shared = await broker({ after });
const MB = 1_000_000;
const RECORDS = 200_000;

/** 250 bytes a record, 50 MB in all. */
function* lines(): Generator<string> {
  for (let at = 0; at < RECORDS; at += 100) {
    let some = "";
    for (let one = at; one < at + 100; one += 1) {
      some += `{"table":"customers","op":"upsert","key":{"customerID":"c-${one}"},"set":{"firstName":"${"x".repeat(160)}"}}\n`;
    }
    yield some;
  }
}

/** Publishes records that are made as they are read, and measures. */
async function measured(args: readonly string[]) {
  const child = spawn(
    process.execPath,
    ["--expose-gc", join(import.meta.dirname, "publish-process.ts"), ...args],
    {
      env: { ...process.env, ...shared.environment, PUBSUB_TOPIC: "memory" },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const output = text(child.stdout);
  const told = text(child.stderr);
  const closed = once(child, "close");
  await pipeline(Readable.from(lines()), child.stdin);
  const [code] = await closed;
  assert.equal(code, 0, await told);
  assert.match(await told, /200,000 sent, 0 refused, 0 failed/);
  return JSON.parse(await output) as { live: number[]; maxRss: number; seconds: number };
}

test("200,000 records take no more memory than the first thousands", { timeout: 300_000 }, async (t) => {
  await using client = openPubSub({ project: shared.project, emulatorHost: shared.host });
  await client.api.createTopic("memory");
  const { live, maxRss, seconds } = await measured(["-"]);
  const first = live[1] ?? Number.NaN;
  const most = Math.max(...live);
  t.diagnostic(
    `${Math.round(RECORDS / seconds)} records/s; live ${Math.round(first / MB)} to ${Math.round(most / MB)} MB; ` +
      `resident at most ${Math.round(maxRss / MB)} MB`,
  );
  // of which the counts of 200,000 different contents take 6 MB, and messages under way the most of the rest
  assert.ok(most - first < 30 * MB, `live memory grew by ${(most - first) / MB} MB`);
  assert.ok(maxRss < 600 * MB, `${maxRss / MB} MB resident`);
});

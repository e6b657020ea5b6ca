import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { broker } from "../../support/servers.ts";
import { brokenWay, fileFolder, keysByData, publishTarget, type Target } from "./publish-target.ts";

expectNoLeaks();
const shared = await broker({ after });
const files = await fileFolder({ after });
const LIMIT = { timeout: 120_000 };
const CLI = join(import.meta.dirname, "../../../src/cli.ts");

/** Each content stands in the file twice, half of the file apart. A run is cut short behind more than may be under way. */
const CONTENTS = 3_000;
const RECORDS = 2 * CONTENTS;
const CUT = 4_000;
const content = (at: number) =>
  `{"add":{"replies_count":1},"key":{"id":${at % CONTENTS}},"op":"update","table":"toots"}`;
const lines = Array.from({ length: RECORDS }, (_, at) => `${content(at)}\n`);
const file = await files.write("increments.ndjson", lines.join(""));

/** What has to arrive: each content under the keys of its two occurrences, however often. */
const expected = new Map(
  lines.slice(0, CONTENTS).map((line) => {
    const key = `sha256:${hash("sha256", `{"changes":[${line.trimEnd()}]}`)}`;
    return [line.trimEnd(), [key, `${key}:2`]];
  }),
);

function pairs(target: Target): Map<string, string[]> {
  return new Map([...keysByData(target.arrived)].map(([data, keys]) => [data, keys.toSorted()]));
}

/** Publishes from a pipe that stays open in the middle of a line, until the signal ends the process. */
async function cutShort({ environment, arrived }: Target, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [CLI, "publish", "-"], { env: { ...process.env, ...environment } });
  const output = text(child.stderr);
  const closed = once(child, "close");
  // A process that is killed leaves what it has not read yet.
  child.stdin.on("error", () => {});
  child.stdin.write(lines.slice(0, CUT).join("") + content(CUT));
  await arrived.until(() => arrived.deliveries.length > CUT / 2);
  child.kill(signal);
  const [code] = await closed;
  child.stdin.destroy();
  return { code, output: await output };
}

const goOn = (output: string) => Number(/go on with --from (\d+)/.exec(output)?.[1]);

test(
  "Ctrl-C ends a run in order; it goes on from the record that it named, with the same keys",
  LIMIT,
  async (t) => {
    const target = await publishTarget(t, shared);
    const { code, output } = await cutShort(target, "SIGINT");
    assert.equal(code, 1, output);
    assert.match(
      output,
      /standard input: interrupted by SIGINT\nevery record up to [\d,]+ is sent or refused/,
    );
    const next = goOn(output);
    assert.ok(next > 1 && next <= CUT + 1, output);
    await target.arrived.until(() => target.keys.size === next - 1);
    const rest = await target.publish([file, "--from", String(next)]);
    assert.equal(rest.code, 0, rest.stderr);
    assert.match(
      rest.stderr,
      new RegExp(`: ${(RECORDS - next + 1).toLocaleString("en-US")} sent, .* from record`),
    );
    await target.arrived.until(() => target.keys.size >= RECORDS);
    assert.deepEqual(pairs(target), expected);
  },
);

test(
  "after kill -9 the file is sent once more: all arrives, what came twice has one key",
  LIMIT,
  async (t) => {
    const target = await publishTarget(t, shared);
    const { code, output } = await cutShort(target, "SIGKILL");
    assert.equal(code, null, output);
    const again = await target.publish([file]);
    assert.equal(again.code, 0, again.stderr);
    await target.arrived.until(() => target.keys.size >= RECORDS);
    assert.deepEqual(pairs(target), expected);
  },
);

test(
  "a broker out of reach ends the run; what it named as sent was sent, the rest goes on",
  LIMIT,
  async (t) => {
    const target = await publishTarget(t, shared);
    const host = await brokenWay(t, shared, 800_000);
    const { code, stderr } = await target.publish([file], { host, patienceMs: 2_000 });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /increments\.ndjson: Pub\/Sub at \S+ does not answer for topic/);
    assert.match(stderr, /what is sent again has the same idempotency key, and takes effect once/);
    const next = goOn(stderr);
    assert.ok(next > 1 && next < RECORDS, stderr);
    const rest = await target.publish([file, "--from", String(next)]);
    assert.equal(rest.code, 0, rest.stderr);
    await target.arrived.until(() => target.keys.size >= RECORDS);
    assert.deepEqual(pairs(target), expected);
  },
);

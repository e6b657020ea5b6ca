import assert from "node:assert/strict";
import { test } from "node:test";
import { PassThrough } from "node:stream";
import { displayWidth } from "../../../src/cli/printable.ts";
import { Progress } from "../../../src/cli/progress.ts";
import {
  clock,
  type Pace,
  PaceMeter,
  progressBar,
  progressLine,
  type Snapshot,
} from "../../../src/cli/publish-pace.ts";

const SNAPSHOT: Snapshot = {
  name: "customers.csv",
  verb: "sent",
  done: 84_120,
  refused: 3,
  failed: 0,
  bytes: 42,
  size: 100,
  remark: "settled up to record 84,100",
};
const PACE: Pace = { ...SNAPSHOT, elapsedMs: 61_000, recordRate: 12_345.6, byteRate: 6.4 };
const UNKNOWN = { recordRate: undefined, byteRate: undefined };

test("a terminal gets a bar, the count, the rate and the time left", () => {
  assert.equal(
    progressBar(PACE, 120),
    "customers.csv   42% ▕████████▍           ▏  84,120 sent  12,346/s  0:10 left  3 refused",
  );
});

test("without a known size there is no bar, and the time gone by in place of the time left", () => {
  assert.equal(
    progressBar({ ...PACE, size: undefined, refused: 0, failed: 1 }, 120),
    "customers.csv  84,120 sent  12,346/s  1:01  1 failed",
  );
});

test("rates are left out until they are known", () => {
  assert.equal(
    progressBar({ ...PACE, ...UNKNOWN, refused: 0, done: 1, bytes: 0, elapsedMs: 10 }, 120),
    "customers.csv    0% ▕                    ▏  1 sent  0:01",
  );
});

test("the line never wraps: the least important leaves first", () => {
  for (let columns = 1; columns < 120; columns += 1) {
    assert.ok(displayWidth(progressBar(PACE, columns)) < Math.max(columns, 2), String(columns));
  }
  assert.equal(
    progressBar(PACE, 80),
    " 42% ▕████████▍           ▏  84,120 sent  12,346/s  0:10 left  3 refused",
  );
  assert.equal(progressBar(PACE, 60), " 42% ▕████████▍           ▏  84,120 sent  0:10 left");
  assert.equal(progressBar(PACE, 30), " 42% ▕████████▍           ▏");
  assert.equal(progressBar(PACE, 10), "84,120 s…");
});

test("elsewhere a plain line says the same, and where to go on", () => {
  assert.equal(
    progressLine(PACE),
    "customers.csv: 84,120 sent (42%), 3 refused, 12,346/s, 0:10 left, settled up to record 84,100",
  );
  assert.equal(
    progressLine({ ...PACE, ...UNKNOWN, refused: 0, size: undefined, remark: "" }),
    "customers.csv: 84,120 sent",
  );
});

test("the share is 100 % at the very end only", () => {
  assert.match(progressLine({ ...PACE, bytes: 999, size: 1_000 }), /99%/);
  assert.match(progressLine({ ...PACE, bytes: 1_000, size: 1_000 }), /100%.*0:00 left/);
  assert.match(progressLine({ ...PACE, bytes: 1_003, size: 1_000 }), /100%/);
});

test("seconds read as a clock", () => {
  assert.deepEqual([0, 8.2, 60, 725, 11_525].map(clock), ["0:00", "0:09", "1:00", "12:05", "3:12:05"]);
});

test("rates are those of the last 10 seconds", () => {
  const meter = new PaceMeter(0);
  const at = (now: number, done: number) =>
    meter.pace({ ...SNAPSHOT, done, bytes: done * 2 }, now).recordRate;
  assert.equal(at(100, 0), undefined);
  assert.equal(at(600, 1_000), undefined);
  assert.equal(at(2_100, 4_000), 2_000);
  for (let now = 3_100; now <= 20_100; now += 1_000) at(now, 4_000);
  assert.equal(at(21_100, 4_000), 0, "a stall is seen");
});

function terminal(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  return { stream, written: () => String(stream.read() ?? "") };
}

test("on a terminal the line is drawn anew, makes way for what is said, and goes at the end", async () => {
  const { stream, written } = terminal(true);
  const drawn = Promise.withResolvers<void>();
  const snapshot = () => {
    setImmediate(drawn.resolve);
    return SNAPSHOT;
  };
  const progress = new Progress(stream, snapshot);
  await drawn.promise;
  progress.say("f:1: invalid: no");
  progress.say("f:2: invalid: no");
  progress[Symbol.dispose]();
  progress[Symbol.dispose]();
  assert.match(
    written(),
    /^\r\u001b\[Kcustomers.csv   42%.*refused\r\u001b\[Kf:1: invalid: no\nf:2: invalid: no\n$/,
  );
});

test("quiet shows what is said, and nothing else", () => {
  const { stream, written } = terminal(true);
  using progress = new Progress(stream, () => SNAPSHOT, true);
  progress.say("x");
  assert.equal(written(), "x\n");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { benchOptions } from "../../bench/options.ts";

test("without arguments everything is measured", () => {
  const { candidates, http, parts, broker, receipts, poolMiB, backlog } = benchOptions([], undefined);
  assert.deepEqual(candidates, ["a", "i", "b", "c", "j", "d"]);
  assert.deepEqual(http, ["e", "f", "g", "h"]);
  assert.deepEqual(parts, ["mix", "batch", "trip", "workers", "load", "receipts", "backlog"]);
  assert.deepEqual(
    { broker, receipts, poolMiB, backlog },
    { broker: "emulator", receipts: [1_000_000, 10_000_000], poolMiB: [1024, 128], backlog: 1_000_000 },
  );
});

test("--only takes candidates, HTTP and parts together, and measures nothing else", () => {
  const { candidates, http, parts } = benchOptions(["--only", "trip,d,f,mix"], undefined);
  assert.deepEqual({ candidates, http, parts }, { candidates: ["d"], http: ["f"], parts: ["mix", "trip"] });
});

test("sizes of receipts are measured going up, each once", () => {
  assert.deepEqual(benchOptions(["--receipts", "500,20,500"], undefined).receipts, [20, 500]);
});

test("what is not known is refused, with the usage", () => {
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["--only", "d,speed"], /unknown: speed/],
    [["--broker", "kafka"], /--broker must be emulator or built-in/],
    [["--receipts", "1000,"], /--receipts must be a whole number from 1/],
    [["--backlog", "0"], /--backlog must be a whole number from 1/],
    [["postgres"], /unknown: postgres/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => benchOptions(args, undefined), message);
    assert.throws(() => benchOptions(args, undefined), /npm run bench --/);
  }
});

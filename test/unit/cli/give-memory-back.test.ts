import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { giveMemoryBack } from "../../../src/cli/give-memory-back.ts";

/** A process that says what it was told; `use` lets 5 s pass, of which it is at work for some ms. */
function working(t: TestContext) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const told: boolean[] = [];
  let cpuMs = 1_000;
  const handle = giveMemoryBack({ cpuMs: () => cpuMs, save: (memory) => void told.push(memory) });
  const use = (ms: number) => {
    cpuMs += ms;
    t.mock.timers.tick(5_000);
  };
  return { told, use, handle };
}

test("memory counts more than speed while the process is idle, and no longer", (t) => {
  const { told, use, handle } = working(t);
  use(900);
  assert.deepEqual(told, []);
  use(10);
  use(10);
  assert.deepEqual(told, [true]);
  use(250);
  use(4_000);
  assert.deepEqual(told, [true, false]);
  use(249);
  assert.deepEqual(told, [true, false, true]);
  handle[Symbol.dispose]();
});

test("disposed of, it looks no more", (t) => {
  const { told, use, handle } = working(t);
  handle[Symbol.dispose]();
  use(0);
  assert.deepEqual(told, []);
});

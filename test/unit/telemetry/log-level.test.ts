import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createLog } from "../../../src/telemetry/log.ts";
import { LogLevelSwitch } from "../../../src/telemetry/log-level.ts";

function levelSwitch() {
  const lines: string[] = [];
  const log = createLog({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  return { log, lines, level: new LogLevelSwitch(log) };
}

test("a level that is switched holds at once, and is told of at whatever level", () => {
  const { log, lines, level } = levelSwitch();
  assert.deepEqual(level.set("debug"), { level: "debug", configured: "warn" });
  log.debug("seen");
  level.set("fatal");
  log.error("not seen");
  const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
  assert.deepEqual(messages, ["the log level is debug now", "seen", "the log level is fatal now"]);
  level[Symbol.dispose]();
  assert.equal(log.level, "warn");
});

test("a level for a time ends with it, and another one in between takes its place", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  try {
    const { log, level } = levelSwitch();
    assert.equal(level.set("trace", 60).until, "1970-01-01T00:01:00.000Z");
    mock.timers.tick(59_999);
    assert.equal(log.level, "trace");
    mock.timers.tick(1);
    assert.deepEqual(level.state, { level: "warn", configured: "warn" });
    level.set("trace", 60);
    level.set("debug");
    mock.timers.tick(120_000);
    assert.deepEqual(level.state, { level: "debug", configured: "warn" });
  } finally {
    mock.timers.reset();
  }
});

test("the configured level, for a time or not, stays", () => {
  const { level } = levelSwitch();
  assert.deepEqual(level.set("warn", 60), { level: "warn", configured: "warn" });
});

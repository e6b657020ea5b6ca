import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, type LogLevel } from "../../../src/telemetry/log.ts";

function logInto(level: LogLevel = "info") {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { log, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>), lines };
}

test("a line is what Cloud Logging reads: severity, time and message", () => {
  const { log, read } = logInto();
  log.info({ subscription: "updates" }, "the stream is open");
  const [line] = read();
  assert.deepEqual(Object.keys(line ?? {}).toSorted(), ["message", "severity", "subscription", "time"]);
  assert.equal(line?.["severity"], "INFO");
  assert.equal(line?.["message"], "the stream is open");
  assert.match(String(line?.["time"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("every level has its severity, and less severe lines are left out", () => {
  const { log, read } = logInto("trace");
  for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) {
    log[level]("x");
  }
  assert.deepEqual(
    read().map((line) => line["severity"]),
    ["DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
  );
  const quiet = logInto("warn");
  quiet.log.info("x");
  assert.deepEqual(quiet.lines, []);
});

test("secrets are not written, at the top or inside", () => {
  const { log, lines, read } = logInto();
  log.info(
    {
      password: "hunter2",
      config: { database: { user: "root", password: "hunter2" }, token: "hunter2" },
      request: {
        headers: {
          authorization: "Bearer hunter2",
          cookie: "hunter2",
          "x-api-key": "hunter2",
          accept: "*/*",
        },
      },
      attributes: { "rowpost-signature": "hunter2" },
      access: { signingKeys: ["hunter2"], apiKey: "hunter2" },
      PUBLISHER_SIGNING_KEY: "hunter2",
    },
    "started",
  );
  assert.ok(!lines.join("").includes("hunter2"));
  assert.deepEqual(read()[0]?.["config"], {
    database: { user: "root", password: "[secret]" },
    token: "[secret]",
  });
});

test("an error is told with its causes, without its SQL and its parameters", () => {
  const { log, lines, read } = logInto();
  const cause = Object.assign(new Error("Duplicate entry"), {
    code: "ER_DUP_ENTRY",
    errno: 1062,
    sql: "insert 'Ada'",
  });
  const error = Object.assign(new TypeError("the batch failed", { cause }), { parameters: ["Ada"] });
  log.error({ err: error }, "a batch failed");
  assert.ok(!lines.join("").includes("Ada"));
  const told = read()[0]?.["err"] as Record<string, unknown>;
  assert.equal(told["type"], "TypeError");
  assert.equal(told["message"], "the batch failed");
  assert.match(String(told["stack"]), /log\.test\.ts/);
  assert.deepEqual(told["cause"], {
    type: "Error",
    message: "Duplicate entry",
    code: "ER_DUP_ENTRY",
    errno: 1062,
  });
});

test("an error whose cause is itself, or very long, ends", () => {
  const { log, read } = logInto();
  const loop: Error & { cause?: unknown } = new Error("x".repeat(100_000));
  loop.cause = loop;
  log.error({ err: loop }, "loop");
  assert.ok(JSON.stringify(read()[0]).length < 50_000);
});

test("a line of a trace names it as Cloud Logging does, and every line has the labels", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    labels: { process: "worker", version: "1.2.3" },
    project: "shop",
    destination: { write: (line: string) => void lines.push(line) },
  });
  const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
  log.info({ trace, key: "k" }, "with");
  log.info("without");
  const [traced, plain] = lines.map((line) => {
    const { time: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return rest;
  });
  const labels = { process: "worker", version: "1.2.3" };
  assert.deepEqual(traced, {
    severity: "INFO",
    "logging.googleapis.com/labels": labels,
    key: "k",
    "logging.googleapis.com/trace": "projects/shop/traces/0af7651916cd43dd8448eb211c80319c",
    "logging.googleapis.com/spanId": "b7ad6b7169203331",
    "logging.googleapis.com/trace_sampled": true,
    message: "with",
  });
  assert.deepEqual(plain, { severity: "INFO", "logging.googleapis.com/labels": labels, message: "without" });
});

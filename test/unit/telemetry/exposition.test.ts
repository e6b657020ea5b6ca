import assert from "node:assert/strict";
import { test } from "node:test";
import { expose } from "../../../src/telemetry/exposition.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";

const PLAIN = [
  "# HELP a_total Things.",
  "# TYPE a_total counter",
  'a_total{b="# TYPE a_total counter"} 1',
  "",
  "# HELP c Now.",
  "# TYPE c gauge",
  "c 2",
  "",
].join("\n");

test("OpenMetrics names a counter's family without _total, and ends with its mark", () => {
  const { contentType, body } = expose(PLAIN, "application/openmetrics-text");
  assert.equal(contentType, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  assert.equal(
    body,
    [
      "# HELP a Things.",
      "# TYPE a counter",
      'a_total{b="# TYPE a_total counter"} 1',
      "# HELP c Now.",
      "# TYPE c gauge",
      "c 2",
      "# EOF",
      "",
    ].join("\n"),
  );
});

test("plain text stays as it is", () => {
  assert.deepEqual(expose(PLAIN, "text/plain"), {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    body: PLAIN,
  });
});

test("the Accept header decides, and OpenMetrics comes first where it does not", () => {
  const prometheus =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75," +
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const cases: [string | undefined, "application" | "text"][] = [
    [undefined, "application"],
    ["", "application"],
    ["*/*", "application"],
    [prometheus, "application"],
    ["text/plain;version=0.0.4;q=0.5, */*;q=0.1", "text"],
    ["application/openmetrics-text;q=0.2, text/plain;q=0.3", "text"],
    ["application/openmetrics-text;q=0, */*", "text"],
    ["text/*, application/json", "text"],
    ["TEXT/PLAIN", "text"],
    ["text/html", "application"],
  ];
  for (const [accept, type] of cases) {
    assert.equal(expose(PLAIN, accept).contentType.split("/")[0], type, accept);
  }
});

test("all that a worker exposes is OpenMetrics by its grammar", async () => {
  using metrics = new Metrics({ version: "1", tables: [], process });
  metrics.observeBatch(
    [{ delivery: { publishedAt: new Date(), receivedAt: performance.now() } }],
    [{ outcome: "rejected", rejection: { code: "invalid", table: 'x"\\\n' } }],
    0.1,
  );
  const { body } = await metrics.expose("application/openmetrics-text");
  const lines = body.split("\n");
  assert.deepEqual(lines.slice(-2), ["# EOF", ""]);
  const types = new Map<string, string>();
  let family = "";
  for (const line of lines.slice(0, -2)) {
    const header = /^# (HELP|TYPE) ([a-z_0-9]+) (.+)$/.exec(line);
    if (header?.[1] === "TYPE") {
      family = header[2] ?? "";
      assert.ok(!types.has(family), `${family} comes twice`);
      types.set(family, header[3] ?? "");
    } else if (header === null) {
      const sample =
        /^([a-z_0-9]+)(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? (-?[0-9.e+-]+|\+Inf|NaN)$/.exec(line);
      assert.ok(sample, line);
      const suffixes = { counter: ["_total"], gauge: [""], histogram: ["_bucket", "_sum", "_count"] };
      const allowed = suffixes[types.get(family) as keyof typeof suffixes];
      assert.ok(allowed.includes(sample[1]?.slice(family.length) ?? "?"), line);
    }
  }
  for (const [name, type] of types) {
    assert.ok(type !== "gauge" || !/_(total|count|sum|bucket)$/.test(name), name);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBench } from "../../bench/chart/draw-bench.ts";
import { escapeXml, niceStep, short } from "../../bench/chart/svg.ts";
import type { PartResult } from "../../bench/parts/part.ts";
import { partsReport } from "../../bench/parts/parts-report.ts";

const RESULT: PartResult = {
  name: "trip",
  title: "By round trip <far & near>",
  columns: [
    { head: "messages/s", digits: 0 },
    { head: "to 0 ms", digits: 2 },
  ],
  rows: [
    { title: "0 ms", x: 0, cells: [12_345.6, 1] },
    { title: "2 ms", x: 2, cells: [8_000, undefined] },
  ],
  notes: ["A note."],
  checks: [
    { name: "2 ms against none", found: 0.65, target: 0.7, bound: "least" },
    { name: "memory", found: 150, target: 200, bound: "most" },
    { name: "not measured", found: Number.NaN, target: 1, bound: "most" },
  ],
};

test("the report has a line for each row and target, and says at the end which were missed", () => {
  const text = partsReport([RESULT]).join("\n");
  assert.match(text, /0 ms +12,346 +1\.00\n2 ms +8,000 +–\nA note\./);
  assert.match(text, /MISSED: 2 ms against none: 0\.65, target at least 0\.7/);
  assert.match(text, /MET: memory: 150\.00, target at most 200/);
  assert.match(text, /MISSED: 2 ms against none; not measured\.$/);
  assert.deepEqual(partsReport([]), []);
});

test("the chart holds text as XML wants it, and leaves out what was not measured", () => {
  const svg = drawBench({ about: 'one & "two"\nthree <3', runs: [], parts: [RESULT] });
  assert.match(svg, /By round trip &lt;far &amp; near&gt;/);
  assert.match(svg, /one &amp; &quot;two&quot;/);
  assert.doesNotMatch(svg, /NaN|undefined|null/);
  // Figures that are none are null when they come back from JSON.
  const rows = [{ title: "0 ms", x: 0, cells: [null as unknown as undefined] }];
  assert.doesNotMatch(drawBench({ about: "", runs: [], parts: [{ ...RESULT, rows }] }), /NaN|undefined|null/);
});

test("axes have round steps, and figures few letters", () => {
  assert.deepEqual([0.03, 7, 24, 25, 2_600].map(niceStep), [0.05, 10, 25, 25, 5_000]);
  assert.deepEqual([0.7, 12, 12_000, 1_500_000].map(short), ["0.7", "12", "12,000", "1.5 M"]);
  assert.equal(escapeXml('<a href="b">&'), "&lt;a href=&quot;b&quot;&gt;&amp;");
});

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { drawBench } from "./chart/draw-bench.ts";

// Draws the figures that the bench has written: `node test/bench/draw.ts FIGURES.json [CHART.svg]`.
const [figures, chart = join(import.meta.dirname, "plots/bench.svg")] = process.argv.slice(2);
if (figures === undefined) throw new Error("usage: node test/bench/draw.ts FIGURES.json [CHART.svg]");
mkdirSync(dirname(chart), { recursive: true });
writeFileSync(chart, drawBench(JSON.parse(readFileSync(figures, "utf8"))));

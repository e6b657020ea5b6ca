import { plot } from "../sim/plot.ts";
import type { Soak } from "./soak.ts";

/** An SVG of memory, latency and what waits over a soak; the first panel's names stand for the second's lines too. */
export function drawSoak({ perSecond, seconds, samples }: Soak): string {
  const lines = (title: string, value: (sample: Soak["samples"][number]) => number) => ({
    title,
    values: samples.map(value),
  });
  return plot(`${perSecond} updates a second, 1 % of them delivered wrongly`, seconds / 3_600, [
    {
      title: "memory in MB",
      lines: [
        lines("resident memory, median", (s) => s.residentMb),
        lines("JavaScript heap, 99th percentile", (s) => s.heapMb),
      ],
    },
    {
      title: "receive to commit in ms",
      lines: [lines("median", (s) => s.p50Ms), lines("99th percentile", (s) => s.p99Ms)],
    },
    { title: "published and not applied yet", lines: [lines("updates", (s) => s.behind)] },
  ]);
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closeOwnServers } from "../support/servers.ts";
import { drawSoak } from "./draw-soak.ts";
import { type Soak, soak } from "./soak.ts";

/* `node test/soak/run.ts [MINUTES]` (30 unless said): one worker at half of its capacity; memory and latency go into plots/. */

const PLOTS = join(import.meta.dirname, "plots");
const minutes = Number(process.argv[2] ?? 30);
if (!(minutes > 0)) throw new Error("usage: node test/soak/run.ts [MINUTES]");
const say = (line: string) => console.error(line);

await using opened = new AsyncDisposableStack();
opened.defer(closeOwnServers);
const scope = { after: (work: () => Promise<void>) => opened.defer(work) };
const result = await soak(scope, { seconds: minutes * 60, perSecond: undefined, samples: 180, say });
await mkdir(PLOTS, { recursive: true });
await writeFile(join(PLOTS, "soak.svg"), drawSoak(result));
console.log(told(result));

function told({ perSecond, seconds, sent, samples }: Soak): string {
  const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / Math.max(1, of.length);
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const memory = samples.map(({ residentMb }) => residentMb);
  return [
    `${sent.toLocaleString("en-US")} updates in ${seconds} s at ${perSecond} a second: each applied once`,
    `memory, MB: second tenth ${mean(memory.slice(tenth, 2 * tenth)).toFixed(0)}, last tenth ` +
      `${mean(memory.slice(-tenth)).toFixed(0)}, most ${Math.max(...memory).toFixed(0)}`,
    `receive to commit, ms: median ${mean(samples.map(({ p50Ms }) => p50Ms)).toFixed(1)}, 99 % ` +
      `${mean(samples.map(({ p99Ms }) => p99Ms)).toFixed(1)}`,
  ].join("\n");
}

// `rowpost publish ARGS` in a process of its own that measures its memory: run with --expose-gc.
import { openDoor } from "../../../src/cli/door.ts";
import { publishCommand } from "../../../src/cli/publish.ts";

const live: number[] = [];
const timer = setInterval(() => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  live.push(heapUsed + arrayBuffers);
}, 500);
const door = openDoor();
const started = performance.now();
await publishCommand(door).parseAsync(process.argv.slice(2), { from: "user" });
const seconds = (performance.now() - started) / 1_000;
clearInterval(timer);
process.stdout.write(`${JSON.stringify({ live, maxRss: process.resourceUsage().maxRSS * 1024, seconds })}\n`);

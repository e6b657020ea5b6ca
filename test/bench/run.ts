import { writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { drawBench } from "./chart/draw-bench.ts";
import { type Ground, openServers, type Servers } from "./ground.ts";
import { httpReport } from "./http/http-report.ts";
import { type HttpResults, runHttp } from "./http/run-http.ts";
import type { Candidate } from "./job.ts";
import { type BenchOptions, benchOptions } from "./options.ts";
import type { PartResult } from "./parts/part.ts";
import { partsReport } from "./parts/parts-report.ts";
import { runParts } from "./parts/run-parts.ts";
import { report } from "./report.ts";
import { RATIOS, type Round, ratio } from "./results.ts";
import { runRounds } from "./run-rounds.ts";
import { LIGHT_PER_SECOND, steadyLatencies } from "./steady-latencies.ts";

/** What one bench has measured. */
interface Results {
  readonly rounds: readonly Round[];
  readonly latencies: ReadonlyMap<Candidate, readonly number[]>;
  readonly http: HttpResults;
  readonly parts: readonly PartResult[];
}

/**
 * How fast rowpost is beside the broker alone, the database alone, a raw pipeline and workers written by hand: all in one go and on
 * the same two servers, in rounds that take turns, so that what else the machine does meets all of them. Then rowpost by itself,
 * in one part after the other.
 */
async function main(options: BenchOptions, signal: AbortSignal): Promise<void> {
  await using servers = await openServers(options.flavor, say);
  const count = (n: number) => n.toLocaleString("en-US");
  const about =
    `${count(options.messages)} messages of 250 bytes, 5 % of them sent twice, to 20,000 rows (rowpost alone: ` +
    `${count(options.partMessages)}); ${options.rounds === 1 ? "1 round" : `medians of ${options.rounds} rounds`}\n` +
    `${servers.mysqlName} with its own settings, Node ${process.versions.node}, ${availableParallelism()} cores`;
  say(about);
  const core = await runCore(servers, options, signal);
  const parts = await runParts({ servers, options, signal, say });
  const { rounds, latencies, http, broker } = core;
  const withBroker = broker === undefined ? [] : [`With ${broker}:`];
  const lines = [...withBroker, report(rounds, latencies), ...httpReport(http), ...partsReport(parts)];
  console.log(`\n${about}\n\n${lines.join("\n")}`);
  await keep(options, about, broker, { rounds, latencies, http, parts });
}

/** What is compared with others: the candidates, and the servers over HTTP. */
async function runCore(servers: Servers, options: BenchOptions, signal: AbortSignal) {
  const { candidates, http } = options;
  const latencies = new Map<Candidate, readonly number[]>();
  if (candidates.length + http.length === 0) {
    const nothing: HttpResults = { rounds: [], waits: undefined, probes: undefined };
    return { rounds: [], latencies, http: nothing, broker: undefined };
  }
  const broker = await servers.broker(options.broker);
  const ground: Ground = { mysql: servers.mysql, broker };
  const rounds = await runRounds(ground, options, signal, say);
  const { lightSeconds: seconds, lightWarmUpSeconds: warmUpSeconds } = options;
  const pace = { perSecond: LIGHT_PER_SECOND, seconds, warmUpSeconds };
  for (const candidate of candidates.filter((one) => one === "c" || one === "d")) {
    latencies.set(candidate, await steadyLatencies(ground, candidate, pace, signal));
  }
  return { rounds, latencies, http: await runHttp(ground, options, signal, say), broker: broker.name };
}

/** Writes the figures and their chart where they are wanted. */
async function keep(options: BenchOptions, about: string, broker: string | undefined, results: Results) {
  const { rounds, latencies, http, parts } = results;
  const ratios = RATIOS.map(({ of, to, target }) => ({ of, to, target, ...ratio(rounds, { of, to }) }));
  const figures = {
    about,
    broker,
    options,
    runs: rounds.map((round) => Object.fromEntries(round)),
    ratios,
    latencies: Object.fromEntries(latencies),
    http: { ...http, rounds: http.rounds.map((round) => Object.fromEntries(round)) },
    parts,
  };
  const text = `${JSON.stringify(figures, undefined, 2)}\n`;
  if (options.json !== undefined) await writeFile(options.json, text);
  if (options.chart !== undefined) await writeFile(options.chart, drawBench(JSON.parse(text)));
}

function say(line: string): void {
  console.error(line);
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
// `npm run bench … | head` closes the pipe: what was opened still has to be closed. Each later write fails likewise.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error) => interrupted.abort(new Error(`nobody reads its output: ${error.message}`)));
}
try {
  const options = benchOptions(process.argv.slice(2), process.env["BENCH_MYSQL"]);
  // Most of a short run is the start of processes; what is measured in earnest starts as it comes.
  if (options.smoke) process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "rowpost-bench-cache");
  await main(options, interrupted.signal);
} catch (error) {
  const ended: unknown = interrupted.signal.reason;
  say(`bench: ${String(ended ?? (error instanceof Error ? (error.stack ?? error.message) : error))}`);
  process.exitCode = 1;
}

import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Ground, openGround } from "./ground.ts";
import type { Candidate, Figures } from "./job.ts";
import { httpReport } from "./http/http-report.ts";
import { runHttp } from "./http/run-http.ts";
import { lightLoad } from "./light-load.ts";
import { createLoad, type Load } from "./load.ts";
import { type BenchOptions, benchOptions } from "./options.ts";
import { report } from "./report.ts";
import { RATIOS, type Round, ratio } from "./results.ts";
import { runCandidate } from "./run-candidate.ts";
import { openScene } from "./scene.ts";
import { verify } from "./verify.ts";

/**
 * How fast rowpost is beside the broker alone, a raw pipeline and a worker written by hand: all in one go and on the same two
 * servers, in rounds that take turns, so that what else the machine does meets all of them.
 */
async function main(options: BenchOptions, signal: AbortSignal): Promise<void> {
  await using ground = await openGround(options.flavor, say);
  const about =
    `${options.messages.toLocaleString("en-US")} messages of 250 bytes, 5 % of them sent twice, to 20,000 rows; ` +
    `${options.rounds === 1 ? "1 round" : `medians of ${options.rounds} rounds`}\n` +
    `${ground.mysqlName} with its own settings, Google's Pub/Sub emulator, Node ${process.versions.node}, ` +
    `${availableParallelism()} cores`;
  say(about);
  const { candidates } = options;
  if (options.warmUp > 0 && candidates.length > 0)
    await measure(ground, "a", createLoad(options.warmUp), { signal });
  const rounds = candidates.length > 0 ? await runRounds(ground, options, signal) : [];
  const latencies = new Map<Candidate, readonly number[]>();
  for (const candidate of candidates.filter((one) => one === "c" || one === "d")) {
    latencies.set(candidate, await lightLoad(ground, candidate, options, signal));
  }
  const http = await runHttp(ground, options, signal, say);
  console.log(`\n${about}\n\n${[report(rounds, latencies), ...httpReport(http)].join("\n")}`);
  if (options.json !== undefined) {
    const ratios = RATIOS.map(({ of, to, target }) => ({ of, to, target, ...ratio(rounds, { of, to }) }));
    const runs = rounds.map((round) => Object.fromEntries(round));
    const figures = { about, options, runs, ratios, latencies: Object.fromEntries(latencies) };
    const overHttp = { ...http, rounds: http.rounds.map((round) => Object.fromEntries(round)) };
    await writeFile(options.json, `${JSON.stringify({ ...figures, http: overHttp }, undefined, 2)}\n`);
  }
}

/** The worker by hand is slow, and what waits for it longer than its lease would come twice. */
const BY_HAND_MESSAGES = 40_000;

async function runRounds(ground: Ground, options: BenchOptions, signal: AbortSignal): Promise<Round[]> {
  const load = createLoad(options.messages);
  const short = createLoad(Math.min(options.messages, BY_HAND_MESSAGES));
  const rounds: Round[] = [];
  for (let n = 0; n < options.rounds; n += 1) {
    const round = new Map<Candidate, Figures>();
    // Each round begins with another candidate: none always follows the same one.
    const first = n % options.candidates.length;
    for (const candidate of [...options.candidates.slice(first), ...options.candidates.slice(0, first)]) {
      const figures = await measure(ground, candidate, candidate === "c" ? short : load, {
        signal,
        profile: options.profile && join(options.profile, `${candidate}-${n + 1}.cpuprofile`),
      });
      round.set(candidate, figures);
      const rate = Math.round(figures.rate).toLocaleString("en-US");
      say(`round ${n + 1} of ${options.rounds}: (${candidate}) ${rate}/s`);
    }
    rounds.push(round);
  }
  return rounds;
}

/** One run of one candidate: a fresh scene, all messages published and confirmed before it starts, its result verified. */
async function measure(
  ground: Ground,
  candidate: Candidate,
  load: Load,
  { signal, profile }: { readonly signal: AbortSignal; readonly profile?: string | undefined },
): Promise<Figures> {
  signal.throwIfAborted();
  await using scene = await openScene(ground);
  await scene.publish(load.messages);
  const messages = load.messages.length;
  const job = { candidate, messages, latencyAfterMs: undefined, profile, ...scene.place };
  const figures = await runCandidate(job, { signal });
  await verify(scene.connection, candidate, load);
  return figures;
}

function say(line: string): void {
  console.error(line);
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
try {
  await main(benchOptions(process.argv.slice(2), process.env["BENCH_MYSQL"]), interrupted.signal);
} catch (error) {
  const ended: unknown = interrupted.signal.reason;
  say(`bench: ${String(ended ?? (error instanceof Error ? (error.stack ?? error.message) : error))}`);
  process.exitCode = 1;
}

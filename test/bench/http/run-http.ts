import { join } from "node:path";
import type { Ground } from "../ground.ts";
import type { BenchOptions } from "../options.ts";
import { spread } from "../results.ts";
import {
  overload,
  type ProbeFigures,
  publishing,
  type PublishFigures,
  type WaitFigures,
  waiting,
} from "./measure.ts";

/** What was measured over HTTP; what was not asked for is not there. */
export interface HttpResults {
  readonly rounds: readonly HttpRound[];
  readonly waits: WaitFigures | undefined;
  readonly probes: ProbeFigures | undefined;
}

export type HttpRound = ReadonlyMap<"e" | "f", PublishFigures>;

const KINDS = { e: "bare", f: "sidecar" } as const;

/** Measures (e) to (h): the servers in rounds that take turns, then the waiting and the probes. */
export async function runHttp(
  ground: Ground,
  options: BenchOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<HttpResults> {
  const { http, httpPace: pace } = options;
  const servers = (["e", "f"] as const).filter((part) => http.includes(part));
  const rounds: HttpRound[] = [];
  for (let n = 0; n < (servers.length > 0 ? options.rounds : 0); n += 1) {
    const round = new Map<"e" | "f", PublishFigures>();
    for (const part of n % 2 === 0 ? servers : servers.toReversed()) {
      const profile = options.profile && join(options.profile, `${part}-${n + 1}.cpuprofile`);
      const figures = await publishing(ground, KINDS[part], { ...pace, profile }, signal);
      round.set(part, figures);
      const rate = Math.round(figures.rate).toLocaleString("en-US");
      say(`round ${n + 1} of ${options.rounds}: (${part}) ${rate}/s`);
    }
    rounds.push(round);
  }
  const waits = http.includes("g") ? await waiting(ground, pace, signal) : undefined;
  if (!http.includes("h")) return { rounds, waits, probes: undefined };
  const known = spread(rounds.map((round) => round.get("f")?.rate))?.median;
  const capacity = known ?? (await publishing(ground, "sidecar", pace, signal)).rate;
  return { rounds, waits, probes: await overload(ground, capacity, pace, signal) };
}

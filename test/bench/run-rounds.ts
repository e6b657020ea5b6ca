import { join } from "node:path";
import type { Ground } from "./ground.ts";
import type { Candidate, Figures } from "./job.ts";
import { createLoad, type Load } from "./load.ts";
import type { BenchOptions } from "./options.ts";
import type { Round } from "./results.ts";
import { runCandidate } from "./run-candidate.ts";
import { openScene } from "./scene.ts";
import { verify } from "./verify.ts";

/** Workers of one transaction a message are slow, and what waits for them longer than its lease would come twice. */
const BY_HAND_MESSAGES = 40_000;

/** Runs all candidates in rounds, each of which begins with another one: none always follows the same one. */
export async function runRounds(
  ground: Ground,
  options: BenchOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<readonly Round[]> {
  const { candidates, warmUp, messages } = options;
  if (candidates.length === 0) return [];
  if (warmUp > 0) await measure(ground, "a", createLoad(warmUp), { signal });
  const rounds: Round[] = [];
  for (let n = 0; n < options.rounds; n += 1) {
    const round = new Map<Candidate, Figures>();
    const first = n % candidates.length;
    for (const candidate of [...candidates.slice(first), ...candidates.slice(0, first)]) {
      const slow = candidate === "c" || candidate === "j";
      const load = createLoad(slow ? Math.min(messages, BY_HAND_MESSAGES) : messages);
      const profile = options.profile && join(options.profile, `${candidate}-${n + 1}.cpuprofile`);
      const figures = await measure(ground, candidate, load, { signal, profile });
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
  // The database alone makes the same load by itself.
  if (candidate !== "i") await scene.publish(load.messages);
  const messages = load.messages.length;
  const job = { candidate, messages, latencyAfterMs: undefined, profile, ...scene.place };
  const figures = await runCandidate(job, { signal });
  await verify(scene.connection, candidate, load);
  return figures;
}

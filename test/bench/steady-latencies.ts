import type { Candidate } from "./job.ts";
import type { Ground } from "./ground.ts";
import { createLoad } from "./load.ts";
import { runCandidate } from "./run-candidate.ts";
import { openScene } from "./scene.ts";
import { publishSteadily } from "./steady.ts";
import { verify } from "./verify.ts";

/** A load that comes at an even pace. */
export interface SteadyPace {
  readonly perSecond: number;
  /** Length of the load, and how much of its beginning is not counted. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** A load that leaves a candidate idle most of the time. */
export const LIGHT_PER_SECOND = 200;

/** Milliseconds from receive to commit under a steady load; ascending. */
export async function steadyLatencies(
  ground: Ground,
  candidate: Candidate,
  { perSecond, seconds, warmUpSeconds }: SteadyPace,
  signal: AbortSignal,
  settings: Readonly<Record<string, string>> = {},
): Promise<readonly number[]> {
  const load = createLoad(Math.round(perSecond * seconds));
  const { messages } = load;
  await using scene = await openScene(ground);
  const latencyAfterMs = warmUpSeconds * 1000;
  const about = { candidate, messages: messages.length, latencyAfterMs, profile: undefined, settings };
  const job = { ...about, ...scene.place };
  const ended = new AbortController();
  let published = Promise.resolve();
  const pulling = () => {
    published = publishSteadily(scene.send, messages, perSecond, AbortSignal.any([signal, ended.signal]));
    // What went wrong is told below.
    published.catch(() => {});
  };
  try {
    const { latencies } = await runCandidate(job, { signal, pulling });
    await verify(scene.connection, candidate, load);
    return latencies;
  } finally {
    ended.abort();
    await published;
  }
}

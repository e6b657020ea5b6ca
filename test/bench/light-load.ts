import { setTimeout as delay } from "node:timers/promises";
import type { Candidate } from "./job.ts";
import { createLoad, type LoadMessage } from "./load.ts";
import type { Ground } from "./ground.ts";
import type { BenchOptions } from "./options.ts";
import { runCandidate } from "./run-candidate.ts";
import { openScene, type Scene } from "./scene.ts";

const PER_SECOND = 200;
const STEP_MS = 5;

/** Milliseconds from receive to commit under a load that leaves the candidate idle most of the time; ascending. */
export async function lightLoad(
  ground: Ground,
  candidate: Candidate,
  { lightSeconds, lightWarmUpSeconds }: BenchOptions,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { messages } = createLoad(Math.round(PER_SECOND * lightSeconds));
  await using scene = await openScene(ground);
  const latencyAfterMs = lightWarmUpSeconds * 1000;
  const job = { candidate, messages: messages.length, latencyAfterMs, profile: undefined, ...scene.place };
  const ended = new AbortController();
  let published = Promise.resolve();
  const pulling = () => {
    published = publishSlowly(scene, messages, AbortSignal.any([signal, ended.signal]));
  };
  try {
    const { latencies } = await runCandidate(job, { signal, pulling });
    return latencies;
  } finally {
    ended.abort();
    await published;
  }
}

/** Keeps to the rate over all, also when a step came late. */
async function publishSlowly(
  scene: Scene,
  messages: readonly LoadMessage[],
  signal: AbortSignal,
): Promise<void> {
  const start = performance.now();
  for (let sent = 0; sent < messages.length && !signal.aborted; ) {
    const due = Math.ceil(((performance.now() - start) / 1000) * PER_SECOND);
    if (due > sent) await scene.publish(messages.slice(sent, due));
    sent = Math.max(sent, due);
    await delay(STEP_MS, undefined, { signal }).catch(() => {});
  }
}

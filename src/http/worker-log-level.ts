import type { LevelState } from "../telemetry/log-level.ts";
import type { LevelChange } from "../telemetry/level-change.ts";
import { HttpProblem } from "./problem.ts";

const TIMEOUT_MS = 2_000;

/** The worker's log level; switched before, if a change is given. Rejects with an {@link HttpProblem} `worker_unavailable`. */
export async function workerLogLevel(workerUrl: string, change?: LevelChange): Promise<LevelState> {
  const url = `${workerUrl.replace(/\/+$/, "")}/log-level`;
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(change === undefined ? {} : { method: "PUT", body: JSON.stringify(change) }),
    });
    if (answer.ok) return (await answer.json()) as LevelState;
    throw new Error(`it answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HttpProblem("worker_unavailable", `The worker's log level stays as it is: ${url}: ${why}.`);
  }
}

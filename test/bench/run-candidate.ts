import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Figures, Job, Progress } from "./job.ts";

const PROGRAM = join(import.meta.dirname, "candidate.ts");
/**
 * Node's flags for rowpost, as `src/cli.ts` and package.json have them: a young generation of up to 3 × 8 MiB in place of
 * 3 × 32, an old one that grows by 40 % before it is swept, and one thread in place of four that compiles and collects beside the
 * main one. The others run as Node comes.
 */
export const ROWPOST_FLAGS: readonly string[] = [
  "--max-semi-space-size=8",
  "--heap-growing-percent=40",
  "--v8-pool-size=1",
];

/** For start, run and end of one candidate. */
const PATIENCE_MS = 900_000;

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Called when the candidate pulls. */
  readonly pulling?: () => void;
  /** Called after each batch of a candidate that tells. */
  readonly progress?: (progress: Progress) => void;
  /** A candidate that shares its subscription ends when this resolves. */
  readonly end?: Promise<void>;
}

/**
 * Runs one candidate in a process of its own and gives what it measured. Rejects when the process fails, when it takes longer
 * than a quarter of an hour, and with the signal's reason; the process is gone then.
 */
export async function runCandidate(
  job: Job,
  { signal, pulling, progress, end }: RunOptions,
): Promise<Figures> {
  signal.throwIfAborted();
  const child = fork(PROGRAM, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: job.candidate === "d" ? [...ROWPOST_FLAGS] : [],
  });
  const late = AbortSignal.timeout(PATIENCE_MS);
  const ended = AbortSignal.any([signal, late]);
  const kill = () => child.kill("SIGKILL");
  ended.addEventListener("abort", kill);
  try {
    let figures: Figures | undefined;
    child.on("message", (message: "pulling" | { readonly progress: Progress } | Figures) => {
      if (message === "pulling") pulling?.();
      else if ("progress" in message) progress?.(message.progress);
      else figures = message;
    });
    child.send(job);
    void end?.then(() => child.connected && child.send("end"));
    const [code] = await once(child, "exit");
    ended.throwIfAborted();
    if (figures === undefined || code !== 0) throw new Error(`candidate ${job.candidate} failed (${code})`);
    return figures;
  } finally {
    ended.removeEventListener("abort", kill);
    kill();
  }
}

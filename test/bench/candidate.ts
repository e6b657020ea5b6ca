import { byHand } from "./candidates/by-hand.ts";
import { ceiling } from "./candidates/ceiling.ts";
import { rawPipeline } from "./candidates/raw-pipeline.ts";
import { rowpost } from "./candidates/rowpost.ts";
import type { Candidate, Job } from "./job.ts";
import { Meter } from "./meter.ts";

/** Starts a candidate, to the point where it pulls; it closes what it has opened when it is disposed. */
export type Start = (job: Job, meter: Meter) => Promise<AsyncDisposable>;

const START: Readonly<Record<Candidate, Start>> = { a: ceiling, b: rawPipeline, c: byHand, d: rowpost };

/** The process behind `runCandidate`: takes one job, says that it pulls, sends its figures, ends. Without its parent it has no use. */
process.once("message", (job: Job) => void run(job));
process.once("disconnect", () => process.exit(1));

async function run(job: Job): Promise<void> {
  const meter = new Meter(job);
  const started = await START[job.candidate](job, meter);
  process.send?.("pulling");
  const figures = await meter.finished;
  await started[Symbol.asyncDispose]();
  process.removeAllListeners("disconnect");
  process.send?.(figures, () => process.disconnect());
}

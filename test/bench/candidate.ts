import { byHand } from "./candidates/by-hand.ts";
import { ceiling } from "./candidates/ceiling.ts";
import { rawPipeline } from "./candidates/raw-pipeline.ts";
import { byOrm } from "./candidates/by-orm.ts";
import { databaseAlone } from "./candidates/database-alone.ts";
import { rowpost } from "./candidates/rowpost.ts";
import type { Candidate, Job, Progress } from "./job.ts";
import { Meter } from "./meter.ts";

/** Starts a candidate, to the point where it pulls; it closes what it has opened when it is disposed. */
export type Start = (job: Job, meter: Meter) => Promise<AsyncDisposable>;

const START: Readonly<Record<Candidate, Start>> = {
  a: ceiling,
  i: databaseAlone,
  b: rawPipeline,
  c: byHand,
  j: byOrm,
  d: rowpost,
};

/** The process behind `runCandidate`: takes one job, says that it pulls, sends its figures, ends (one that shares its subscription: when it hears "end"). Without its parent it has no use. */
process.once("message", (job: Job) => void run(job));
process.once("disconnect", () => process.exit(1));

async function run(job: Job): Promise<void> {
  const tell = job.tells === true ? (progress: Progress) => void process.send?.({ progress }) : undefined;
  const meter = new Meter(job, tell);
  process.on("message", (message) => {
    if (message === "end") meter.finish();
  });
  const started = await START[job.candidate](job, meter);
  process.send?.("pulling");
  const figures = await meter.finished;
  await started[Symbol.asyncDispose]();
  process.removeAllListeners("disconnect");
  process.send?.(figures, () => process.disconnect());
}

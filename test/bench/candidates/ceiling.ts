import type { Job } from "../job.ts";
import type { Meter } from "../meter.ts";
import { pull } from "./pull.ts";

/** (a) Pulls and acknowledges, and does nothing else: no worker can be faster here. */
export async function ceiling(job: Job, meter: Meter): Promise<AsyncDisposable> {
  return pull(job, (message) => {
    meter.received();
    message.ack();
    meter.settled(1);
  });
}

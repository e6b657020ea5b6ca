import { parentPort, workerData } from "node:worker_threads";
import { sharedClock } from "../../job.ts";

/** The thread of `ExactTimer`: waits for a time to be set (`flag` counts them), sleeps until it comes, tells. */
const { flag, due } = workerData as { readonly flag: Int32Array; readonly due: Float64Array };

for (let seen = 0; ; seen += 1) {
  Atomics.wait(flag, 0, seen);
  const left = (due[0] ?? 0) - sharedClock();
  // Nobody notifies while a time is set: this ends by its own time only.
  if (left > 0) Atomics.wait(flag, 0, seen + 1, left);
  parentPort?.postMessage("due");
}

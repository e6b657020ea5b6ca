import { openPubSub } from "../../../src/pubsub/client.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { configOf } from "../config-of.ts";
import type { Job } from "../job.ts";
import type { Meter } from "../meter.ts";

/** (a) rowpost's own intake, and all that comes is acknowledged at once: no worker can be faster here. */
export async function ceiling(job: Job, meter: Meter): Promise<AsyncDisposable> {
  const { pubsub, worker } = configOf(job);
  const client = openPubSub({ project: job.pubsub.project, emulatorHost: job.pubsub.host });
  const intake = createIntake(client, { ...pubsub, ...worker });
  const opened = Promise.withResolvers<void>();
  intake.start({
    delivery(delivery) {
      meter.received();
      delivery.ack();
      meter.settled(1);
    },
    opened: opened.resolve,
    lost: (reason) => opened.reject(new Error(reason)),
  });
  await opened.promise;
  return {
    async [Symbol.asyncDispose]() {
      await intake.close(5_000);
      await client.close();
    },
  };
}

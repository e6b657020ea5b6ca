import type { Message } from "@google-cloud/pubsub";
import type { Job } from "../job.ts";
import type { Meter } from "../meter.ts";
import { pull } from "./pull.ts";

/** Handlers at once. */
const HANDLERS = 20;

/**
 * Pulls, and has each message applied by itself, in the order of arrival: acknowledged when `apply` resolves, given back when
 * it rejects.
 */
export function oneByOne(
  job: Job,
  meter: Meter,
  apply: (message: Message) => Promise<void>,
): AsyncDisposable {
  const waiting: { readonly message: Message; readonly receivedAt: number }[] = [];
  let handlers = 0;
  const handler = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await apply(next.message);
        meter.committed(next.receivedAt);
        next.message.ack();
        meter.settled(1);
      } catch {
        next.message.nack();
      }
    }
    handlers -= 1;
  };
  return pull(job, (message) => {
    meter.received();
    waiting.push({ message, receivedAt: performance.now() });
    if (handlers === HANDLERS) return;
    handlers += 1;
    void handler();
  });
}

import type { PubSub } from "@google-cloud/pubsub";
import { statusOf } from "./trouble.ts";

const PROBE_MS = 5_000;

/**
 * Asks the broker something harmless about the subscription: undefined when it answers, else the error. The question
 * (testIamPermissions) needs no permission itself and changes nothing; emulators answer UNIMPLEMENTED, which is an answer.
 */
export async function probe(api: PubSub, subscription: string): Promise<unknown> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${PROBE_MS} ms`)),
    PROBE_MS + 500,
  );
  try {
    const options = { timeout: PROBE_MS, retry: null };
    const answer = api
      .subscription(subscription)
      .iam.testPermissions("pubsub.subscriptions.consume", options);
    await Promise.race([answer, timeout.promise]);
    return undefined;
  } catch (error) {
    return isSilence(error) ? error : undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** An error with a status of the service shows that the service is there. What it refuses, the stream says better. */
function isSilence(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status === "UNAVAILABLE" || status === "DEADLINE_EXCEEDED";
}

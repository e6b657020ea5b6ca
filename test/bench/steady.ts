import { setTimeout as delay } from "node:timers/promises";
import type { BenchMessage } from "./load.ts";
import type { Send } from "./scene.ts";

const STEP_MS = 5;

/**
 * Publishes these messages at so many a second, over all also when a step came late, until all are confirmed or the signal is
 * aborted. Rejects when one is not confirmed.
 */
export async function publishSteadily(
  send: Send,
  messages: readonly BenchMessage[],
  perSecond: number,
  signal: AbortSignal,
): Promise<void> {
  const start = performance.now();
  await publishWhile(send, messages, () => ((performance.now() - start) / 1000) * perSecond, signal);
}

/** Publishes these messages so that never more are sent than `due` says at the moment. */
export async function publishWhile(
  send: Send,
  messages: readonly BenchMessage[],
  due: () => number,
  signal: AbortSignal,
): Promise<void> {
  const sent: Promise<unknown>[] = [];
  while (sent.length < messages.length && !signal.aborted) {
    const step = messages.slice(sent.length, Math.ceil(due()));
    for (const message of step) sent.push(send(message));
    await delay(STEP_MS, undefined, { signal }).catch(() => {});
  }
  await Promise.all(sent);
}

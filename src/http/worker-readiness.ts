import { once } from "node:events";
import { get as getPlain, type IncomingMessage } from "node:http";
import { get as getSecure } from "node:https";
import { json } from "node:stream/consumers";
import { z } from "zod";

/** One thing that keeps a process from being ready: a stable code, and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

const TIMEOUT_MS = 1_000;

const Health = z.object({
  ready: z.boolean(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
});

/**
 * Why the worker at this address is not ready; its own reasons are marked as its own. None when it is. Never rejects: a worker
 * that does not answer within a second is one of the reasons.
 */
export async function workerReasons(workerUrl: string): Promise<readonly Reason[]> {
  const url = `${workerUrl.replace(/\/+$/, "")}/readyz`;
  const late = AbortSignal.timeout(TIMEOUT_MS);
  let health: z.output<typeof Health>;
  try {
    const read = Health.safeParse(await answerOf(url, late));
    if (!read.success) return [{ code: "worker", message: `what answers at ${url} is no worker of rowpost` }];
    health = read.data;
  } catch (error) {
    return [{ code: "worker", message: `the worker does not answer at ${url}: ${whyNot(error, late)}` }];
  }
  if (health.ready) return [];
  return health.reasons.map(({ code, message }) => ({
    code: `worker_${code}`,
    message: `the worker is not ready: ${message}`,
  }));
}

/** What it answers with, as JSON. Not by `fetch`: to load that takes 14 MB of memory. */
async function answerOf(url: string, signal: AbortSignal): Promise<unknown> {
  const get = url.startsWith("https:") ? getSecure : getPlain;
  const request = get(url, { signal });
  // When it is too late the answer fails, and the request does so once more.
  request.on("error", () => {});
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return await json(answer);
}

function whyNot(error: unknown, late: AbortSignal): string {
  if (late.aborted) return `nothing came within ${TIMEOUT_MS} ms`;
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message } = cause as { code?: string; message?: string };
  return code ?? message ?? String(cause);
}

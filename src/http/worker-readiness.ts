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
  let health: z.output<typeof Health>;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const read = Health.safeParse(await answer.json());
    if (!read.success) return [{ code: "worker", message: `what answers at ${url} is no worker of rowpost` }];
    health = read.data;
  } catch (error) {
    return [{ code: "worker", message: `the worker does not answer at ${url}: ${whyNot(error)}` }];
  }
  if (health.ready) return [];
  return health.reasons.map(({ code, message }) => ({
    code: `worker_${code}`,
    message: `the worker is not ready: ${message}`,
  }));
}

function whyNot(error: unknown): string {
  if ((error as Error).name === "TimeoutError") return `nothing came within ${TIMEOUT_MS} ms`;
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message } = cause as { code?: string; message?: string };
  return code ?? message ?? String(cause);
}

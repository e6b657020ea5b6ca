import type { Ground } from "../ground.ts";
import { createLoad } from "../load.ts";
import { percentile } from "../results.ts";
import { runCandidate } from "../run-candidate.ts";
import { openScene } from "../scene.ts";
import { steadyLatencies } from "../steady-latencies.ts";
import { publishWhile } from "../steady.ts";
import { verify } from "../verify.ts";
import { groundOf, STREAMS } from "./measure.ts";
import { COLUMNS, type PartContext, type PartResult, type PartRow } from "./part.ts";

const SHARES = [0.1, 0.5, 0.9] as const;
/** Messages that are sent and not settled while the capacity is measured: one worker's fill, and more. */
const LEAD = 10_000;

/** From receive to commit at shares of what one worker can take of a steady stream. */
export async function load(context: PartContext): Promise<PartResult> {
  const { options, signal, say } = context;
  const ground = await groundOf(context);
  const capacity = await capacityOf(ground, options.partMessages, signal);
  const full = `${Math.round(capacity).toLocaleString("en-US")}/s`;
  say(`capacity while messages are published: ${full}`);
  const { lightSeconds: seconds, lightWarmUpSeconds: warmUpSeconds } = options;
  const rows: PartRow[] = [];
  for (const share of options.smoke ? [0.5] : SHARES) {
    const perSecond = Math.max(1, Math.round(capacity * share));
    const pace = { perSecond, seconds, warmUpSeconds };
    const ascending = await steadyLatencies(ground, "d", pace, signal, STREAMS);
    const cells = [perSecond, percentile(ascending, 0.5), percentile(ascending, 0.99), ascending.at(-1)];
    rows.push({ title: `${share * 100} %`, x: share * 100, cells });
  }
  return {
    name: "load",
    title: "From receive to commit under a steady load",
    columns: [COLUMNS.rate, ...["p50 ms", "p99 ms", "most ms"].map((head) => ({ head, digits: 1 }))],
    rows,
    notes: [
      `100 % are ${full}: what one worker settled, a moment before, while as much as it takes was published.`,
    ],
    checks: [],
  };
}

/** Messages a second that a worker settles while the publisher is always a little ahead of it. */
async function capacityOf(ground: Ground, count: number, signal: AbortSignal): Promise<number> {
  const made = createLoad(count);
  const { messages } = made;
  await using scene = await openScene(ground);
  let settled = 0;
  let published = Promise.resolve();
  const about = {
    candidate: "d",
    messages: messages.length,
    latencyAfterMs: undefined,
    profile: undefined,
  } as const;
  const { rate } = await runCandidate(
    { ...about, tells: true, settings: STREAMS, ...scene.place },
    {
      signal,
      progress: (progress) => {
        settled = progress.settled;
      },
      pulling: () => {
        published = publishWhile(scene.send, messages, () => settled + LEAD, signal);
        published.catch(() => {});
      },
    },
  );
  await published;
  await verify(scene.connection, "d", made);
  return rate;
}

import type { Ground } from "../ground.ts";
import { openScene } from "../scene.ts";
import { assertDone, groundOf, interleave, type Sample, STREAMS } from "./measure.ts";
import { COLUMNS, type PartCheck, type PartContext, type PartResult } from "./part.ts";
import { runFleet } from "./run-fleet.ts";
import type { Workload } from "./workload.ts";
import { increments } from "./workloads/increments.ts";
import { overwrites } from "./workloads/upserts.ts";

const WORKERS = [1, 2, 4] as const;
const HOT_ROWS = 100;
/** Of the part's messages: each of four workers needs its share to be warm. */
const LONGER = 4;

const LOADS: readonly { readonly title: string; readonly make: (count: number) => Workload }[] = [
  { title: "simple upserts", make: overwrites },
  { title: `increments of ${HOT_ROWS} hot rows`, make: (count) => increments(count, HOT_ROWS) },
];

/** How fast several workers are together on one subscription and one database, also when all want the same few rows. */
export async function workers(context: PartContext): Promise<PartResult> {
  const { options, signal } = context;
  const ground = await groundOf(context);
  const counts = WORKERS.filter((count) => !options.smoke || count <= 2);
  const loads = options.smoke ? LOADS.slice(-1) : LOADS;
  const cases = loads.flatMap((load) => counts.map((count) => ({ ...load, count })));
  const variants = cases.map(({ title, make, count }) => ({
    title: `${title}, ${count}`,
    run: () => measureFleet(ground, make(options.partMessages * LONGER), count, signal),
  }));
  const samples = await interleave(context, variants, Math.min(2, options.rounds));
  return workersResult(samples.map((sample, i) => ({ ...sample, ...(cases[i] as (typeof cases)[number]) })));
}

function workersResult(
  found: readonly (Required<Sample> & { readonly title: string; readonly count: number })[],
): PartResult {
  const most = Math.max(...found.map(({ count }) => count));
  const rateOf = (title: string, count: number) =>
    found.find((one) => one.title === title && one.count === count)?.warmRate ?? Number.NaN;
  return {
    name: "workers",
    title: "By worker processes on one subscription",
    columns: [
      COLUMNS.rate,
      { head: "2nd half", digits: 0 },
      COLUMNS.clientCpu,
      { head: "retried", digits: 0 },
    ],
    rows: found.map(({ title, count, rate, warmRate, clientCpu, retries }) => ({
      title: `${title}, ${count}`,
      series: title,
      x: count,
      cells: [rate, warmRate, clientCpu, retries],
    })),
    notes: [
      "All rows are there before. Messages/s from when the last worker had its first one; the second half without what Node compiles in each.",
      "retried: batches that met a deadlock or another trouble and were tried again.",
    ],
    checks: [...new Set(found.map(({ title }) => title))].map(
      (title): PartCheck => ({
        name: `${title}: ${most} workers against 1, second half`,
        found: rateOf(title, most) / rateOf(title, 1),
        target: 1,
        bound: "least",
      }),
    ),
  };
}

async function measureFleet(
  ground: Ground,
  workload: Workload,
  count: number,
  signal: AbortSignal,
): Promise<Sample> {
  await using scene = await openScene(ground);
  await workload.prepare(scene.connection);
  await scene.publish(workload.messages);
  const messages = workload.messages.length;
  const job = { candidate: "d", messages, latencyAfterMs: undefined, profile: undefined } as const;
  const { rate, warmRate, clientCpu, retries } = await runFleet(
    { ...job, settings: STREAMS, ...scene.place },
    count,
    signal,
  );
  await assertDone(scene, workload);
  return { rate, warmRate, clientCpu, retries };
}

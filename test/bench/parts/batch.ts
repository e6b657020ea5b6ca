import { groundOf, interleave, measure, sampleOf } from "./measure.ts";
import { COLUMNS, type PartContext, type PartResult } from "./part.ts";
import { upserts } from "./workloads/upserts.ts";

/** `BATCH_SIZE`, and the share of the part's messages that keeps a run with it short. */
const SIZES = [
  { size: 1, share: 0.1 },
  { size: 10, share: 0.4 },
  { size: 50, share: 0.8 },
  { size: 100, share: 1 },
  { size: 250, share: 1 },
  { size: 500, share: 1 },
  { size: 1_000, share: 1 },
] as const;

/** How fast rowpost is by the most updates in a transaction. */
export async function batch(context: PartContext): Promise<PartResult> {
  const { options, signal } = context;
  const ground = await groundOf(context);
  const sizes = options.smoke ? SIZES.filter(({ size }) => size === 10) : SIZES;
  const variants = sizes.map(({ size, share }) => ({
    title: `BATCH_SIZE=${size}`,
    run: async () => {
      const workload = upserts(Math.max(20, Math.round(options.partMessages * share)));
      const settings = { BATCH_SIZE: String(size) };
      return sampleOf(await measure(ground, workload, { signal, settings }));
    },
  }));
  const medians = await interleave(context, variants, options.rounds);
  return {
    name: "batch",
    title: "By updates in one transaction at the most",
    columns: [COLUMNS.rate, { head: "mean size", digits: 0 }, COLUMNS.clientCpu, COLUMNS.mysqlCpu],
    rows: medians.map(({ rate, meanBatch, clientCpu, mysqlCpu }, i) => {
      const size = sizes[i]?.size ?? 0;
      return { title: `BATCH_SIZE=${size}`, x: size, cells: [rate, meanBatch, clientCpu, mysqlCpu] };
    }),
    notes: ["4 lanes; 500 is the default. A batch takes what waits: it may be smaller."],
    checks: [],
  };
}

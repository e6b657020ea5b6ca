import { groundOf, interleave, measure, type Sample, sampleOf, type Variant } from "./measure.ts";
import { COLUMNS, type PartCheck, type PartContext, type PartResult } from "./part.ts";
import type { Workload } from "./workload.ts";
import { expectations } from "./workloads/expectations.ts";
import { increments } from "./workloads/increments.ts";
import { CHANGES, tenChanges } from "./workloads/ten-changes.ts";
import { upserts } from "./workloads/upserts.ts";
import { versions } from "./workloads/versions.ts";
import { wideRows } from "./workloads/wide-rows.ts";

interface Kind {
  readonly title: string;
  readonly make: (count: number) => Workload;
  /** Of the part's messages. */
  readonly share: number;
  readonly changes: number;
}

/** The first is what the others are compared with. */
const KINDS: readonly Kind[] = [
  { title: "simple upserts", make: upserts, share: 1, changes: 1 },
  { title: "updates with expectations", make: expectations, share: 1, changes: 1 },
  { title: "upserts with a version", make: versions, share: 1, changes: 1 },
  { title: "increments", make: increments, share: 1, changes: 1 },
  { title: "updates of 10 changes", make: tenChanges, share: 0.2, changes: CHANGES },
  { title: "wide rows with JSON, 2 KB", make: wideRows, share: 1, changes: 1 },
];

/** As slow as this against simple upserts, and no slower: of 10 changes, each counts. */
const TARGET = 0.5;

/** How fast rowpost is by what the messages ask for. */
export async function mix(context: PartContext): Promise<PartResult> {
  const { options, signal } = context;
  const ground = await groundOf(context);
  // Those of the workers are increments too.
  const kinds = options.smoke ? KINDS.filter(({ make }) => make !== increments) : KINDS;
  const variants = kinds.map(
    ({ title, make, share }): Variant => ({
      title,
      run: async () => {
        const workload = make(Math.max(20, Math.round(options.partMessages * share)));
        return sampleOf(await measure(ground, workload, { signal }));
      },
    }),
  );
  return mixResult(kinds, await interleave(context, variants, options.rounds));
}

/** From one sample for each kind. */
function mixResult(kinds: readonly Kind[], samples: readonly Required<Sample>[]): PartResult {
  const base = samples[0]?.rate ?? Number.NaN;
  const found = samples.map((sample, i) => ({ ...(kinds[i] as Kind), ...sample }));
  return {
    name: "mix",
    title: "By what the messages ask for",
    columns: [
      COLUMNS.rate,
      { head: "changes/s", digits: 0 },
      COLUMNS.clientCpu,
      COLUMNS.mysqlCpu,
      { head: "to simple", digits: 2 },
    ],
    rows: found.map(({ title, rate, changes, clientCpu, mysqlCpu }) => ({
      title,
      cells: [rate, rate * changes, clientCpu, mysqlCpu, rate / base],
    })),
    notes: ["µs are CPU time a message; an update of 10 changes is one message."],
    checks: found.slice(1).map(
      ({ title, rate, changes }): PartCheck => ({
        name: `${title}${changes > 1 ? ", by changes," : ""} against simple upserts`,
        found: (rate * changes) / base,
        target: TARGET,
        bound: "least",
      }),
    ),
  };
}

import { join } from "node:path";
import { type Connection, createConnection } from "mysql2/promise";
import { Child } from "../http/child.ts";
import { percentile } from "../results.ts";
import { sharedClock } from "../job.ts";
import { groundOf, interleave, measure, type Sample, sampleOf } from "./measure.ts";
import { COLUMNS, type PartContext, type PartResult } from "./part.ts";
import { upserts } from "./workloads/upserts.ts";

const ADDED_MS = [0, 1, 2, 5] as const;
/** At this delay, so much of the rate without. */
const TARGET = { ms: 2, ratio: 0.7 } as const;

const PROXY = join(import.meta.dirname, "delay/delay-program.ts");
const ROUND_TRIPS = 200;

/** How fast rowpost is when its database is farther away. */
export async function trip(context: PartContext): Promise<PartResult> {
  const { options, signal, servers } = context;
  const ground = await groundOf(context);
  const login = servers.mysql.ownLogin;
  if (login === undefined) throw new Error("the server is ours");
  await using proxy = new Child<{ target?: number; delayMs?: number }, { port: number }>(PROXY, [], signal);
  const { port } = await proxy.ask({ target: login.address.port });
  const { user, password } = login;
  const connection = await createConnection({ host: "127.0.0.1", port, user, password });
  await using _connection = { [Symbol.asyncDispose]: () => connection.end() };
  const added = options.smoke ? ADDED_MS.filter((ms) => ms === 0 || ms === TARGET.ms) : ADDED_MS;
  const variants = added.map((ms) => ({
    title: `${ms} ms`,
    run: async () => {
      await proxy.ask({ delayMs: ms });
      const roundTrip = await roundTripMs(connection);
      const figures = await measure(ground, upserts(options.partMessages), { signal, port });
      return { ...sampleOf(figures), roundTrip };
    },
  }));
  return tripResult(added, await interleave(context, variants, options.rounds));
}

/** From one sample for each delay. */
function tripResult(added: readonly number[], samples: readonly Required<Sample>[]): PartResult {
  const rateOf = (ms: number) => samples[added.indexOf(ms)]?.rate ?? Number.NaN;
  return {
    name: "trip",
    title: "By round trip to the database, which a proxy adds to",
    columns: [
      COLUMNS.rate,
      { head: "to 0 ms", digits: 2 },
      { head: "SELECT 1 ms", digits: 2 },
      COLUMNS.clientCpu,
      { head: "mean size", digits: 0 },
    ],
    rows: samples.map(({ rate, roundTrip, clientCpu, meanBatch }, i) => ({
      title: `${added[i]} ms added`,
      x: added[i] ?? Number.NaN,
      cells: [rate, rate / rateOf(0), roundTrip, clientCpu, meanBatch],
    })),
    notes: [
      "LANES=4, the default: while one batch waits for the database, three others do. SELECT 1 is the median of 200 by itself.",
    ],
    checks: [
      {
        name: `${TARGET.ms} ms more against none`,
        found: rateOf(TARGET.ms) / rateOf(0),
        target: TARGET.ratio,
        bound: "least",
      },
    ],
  };
}

/** Of one statement after the other, the median. */
async function roundTripMs(connection: Connection): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < ROUND_TRIPS; n += 1) {
    const asked = sharedClock();
    await connection.query("SELECT 1");
    took.push(sharedClock() - asked);
  }
  return (
    percentile(
      took.sort((a, b) => a - b),
      0.5,
    ) ?? Number.NaN
  );
}

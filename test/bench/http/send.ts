import autocannon from "autocannon";
import { createLoad } from "../load.ts";
import type { LoadFigures, LoadJob } from "./job.ts";

/** Autocannon makes each connection its own copy of all. */
const BODIES = 40;

/** The process behind `Child` that sends requests: takes one job after the other, sends what it saw. */
process.on("message", (job: LoadJob) => void run(job));
process.once("disconnect", () => process.exit(0));

const bodies = createLoad(BODIES).messages.map(({ data }) => data.toString());

async function run({ url, connections, seconds, rate, headers }: LoadJob): Promise<void> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    ...(rate === undefined ? {} : { overallRate: rate, ignoreCoordinatedOmission: true }),
    requests: bodies.map((body) => ({
      method: "POST",
      path: "/updates",
      headers: { "content-type": "application/json", ...headers },
      body,
    })),
  });
  const { latency, duration } = result;
  const good = result["2xx"];
  const figures: LoadFigures = {
    good,
    other: result.non2xx + result.errors,
    seconds: duration,
    p50: latency.p50,
    p99: latency.p99,
  };
  process.send?.(figures);
}

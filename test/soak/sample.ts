/** The worker's metrics at one moment. */
export interface Metrics {
  readonly residentMb: number;
  readonly heapMb: number;
  readonly applied: number;
  readonly outstanding: number;
  /** Messages from their arrival to their commit: upper bounds in s, and how many took no longer. */
  readonly latency: readonly (readonly [bound: number, count: number])[];
}

/** What a stretch of time was like. */
export interface Sample {
  readonly residentMb: number;
  readonly heapMb: number;
  /** From a message's arrival to its commit, in ms, to the accuracy of the histogram's bounds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Published and not applied yet. */
  readonly behind: number;
}

/** Reads a worker's metrics. */
export async function metricsAt(url: string): Promise<Metrics> {
  const text = await (await fetch(`${url}/metrics`, { headers: { accept: "text/plain" } })).text();
  const one = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  const buckets = text.matchAll(/^rowpost_receive_to_commit_seconds_bucket\{le="([\d.e+-]+)"\} (\d+)$/gm);
  return {
    residentMb: one("process_resident_memory_bytes") / 1e6,
    heapMb: one("nodejs_heap_size_used_bytes") / 1e6,
    applied: one('rowpost_deliveries_total\\{settlement="applied"\\}'),
    outstanding: one("rowpost_outstanding_messages"),
    latency: [...buckets].map(([, bound, count]) => [Number(bound), Number(count)] as const),
  };
}

/** What lies between two looks. */
export function sampleOf(before: Metrics, after: Metrics, sent: number): Sample {
  const counts = after.latency.map(
    ([bound, count], i) => [bound, count - (before.latency[i]?.[1] ?? 0)] as const,
  );
  return {
    residentMb: after.residentMb,
    heapMb: after.heapMb,
    p50Ms: quantile(counts, 0.5) * 1_000,
    p99Ms: quantile(counts, 0.99) * 1_000,
    behind: sent - after.applied,
  };
}

/** Linear inside a bucket, as Prometheus' `histogram_quantile` does. */
function quantile(counts: readonly (readonly [number, number])[], share: number): number {
  const total = counts.at(-1)?.[1] ?? 0;
  let [from, below] = [0, 0];
  for (const [bound, count] of counts) {
    if (count >= total * share)
      return from + ((bound - from) * (total * share - below)) / Math.max(1, count - below);
    [from, below] = [bound, count];
  }
  return from;
}

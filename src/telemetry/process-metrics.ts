import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, type Registry } from "prom-client";

const NANOSECONDS = 1e9;

/** The part of Node's `process` that is measured. */
export interface ProcessUsage {
  readonly version: string;
  /** Microseconds since the start. */
  cpuUsage(): { readonly user: number; readonly system: number };
  /** Bytes. */
  memoryUsage(): { readonly rss: number; readonly heapUsed: number };
}

/**
 * The process's own metrics, under the names that Prometheus' client libraries share ("Writing client libraries", process
 * metrics). prom-client's own set breaks OpenMetrics with gauges called `_total`. Disposing stops the sampling of the event
 * loop, which runs every 20 ms.
 */
export function processMetrics(registry: Registry, usage: ProcessUsage): Disposable {
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time of the process, in seconds.",
    registers: [registry],
    collect() {
      const { user, system } = usage.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  for (const [name, help, read] of readings(usage, lag)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
  return { [Symbol.dispose]: () => void lag.disable() };
}

function readings(
  usage: ProcessUsage,
  lag: ReturnType<typeof monitorEventLoopDelay>,
): (readonly [name: string, help: string, read: () => number])[] {
  const longestSince = () => {
    const longest = lag.max / NANOSECONDS;
    lag.reset();
    return longest;
  };
  const started = Math.round(performance.timeOrigin / 1_000);
  return [
    ["process_start_time_seconds", "Start of the process, in Unix seconds.", () => started],
    ["process_resident_memory_bytes", "Resident memory, in bytes.", () => usage.memoryUsage().rss],
    ["nodejs_heap_size_used_bytes", "Used JavaScript heap, in bytes.", () => usage.memoryUsage().heapUsed],
    [
      "nodejs_eventloop_lag_p99_seconds",
      "99th percentile of the event loop's delay since the last scrape.",
      () => lag.percentile(99) / NANOSECONDS,
    ],
    [
      "nodejs_eventloop_lag_max_seconds",
      "Longest delay of the event loop since the last scrape.",
      longestSince,
    ],
  ];
}

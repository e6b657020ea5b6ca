import type { Job } from "../job.ts";

/** What is measured over HTTP. */
export const HTTP_PARTS = ["e", "f", "g", "h"] as const;
export type HttpPart = (typeof HTTP_PARTS)[number];

export const HTTP_TITLES: Readonly<Record<HttpPart, string>> = {
  e: "bare Fastify route that publishes",
  f: "rowpost: POST /updates",
  g: "rowpost: Prefer: wait",
  h: "rowpost: probes under 2x overload",
};

/** What is asked of rowpost; only reported. */
export const HTTP_TARGETS = { bareRoute: 0.6, waitToCommit: 3, probeMs: 100 } as const;

/** What a serving process is told to be. */
export interface ServeJob {
  readonly kind: "bare" | "sidecar" | "worker";
  readonly database: Job["database"];
  readonly pubsub: Job["pubsub"];
  /** File for a CPU profile of what is measured. */
  readonly profile: string | undefined;
}

/** What a serving process measured between "begin" and "end". */
export interface ServeFigures {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  /** Of a worker: milliseconds from the broker's taking a message to its commit, ascending. */
  readonly latencies: readonly number[];
}

/** What the process that sends requests is told. */
export interface LoadJob {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second over all connections; undefined: as many as go. */
  readonly rate: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What it saw. Times are in milliseconds. */
export interface LoadFigures {
  readonly good: number;
  readonly other: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}
